using System.Text.Json.Nodes;
using CertFunctions.Core.Events;

namespace CertFunctions.Testing;

/// <summary>
/// Histories of certificates as no author would think of them: every type that means something to a state, in any order, with few fingerprints so that they come
/// again, times that run late and ahead, names that cover each other, fields left out. One seed gives one history.
/// </summary>
public sealed class RandomHistory(int seed)
{
    static readonly string[] Domains = ["a.example.com", "b.example.com", "*.example.com", "www.example.org", "10.0.0.1", "single", "B.EXAMPLE.com."];
    static readonly string[] Fingerprints = [.. Enumerable.Range(1, 3).Select(i => new string((char)('0' + i), 64))];

    readonly Random random = new(seed);
    DateTimeOffset now = Make.Now;
    int made;

    /// <summary>The next event of the subject; its clock only goes on.</summary>
    public StampedEvent Next(string subject, ProjectId? project = null)
    {
        now += TimeSpan.FromMinutes(random.Next(0, 3) switch { 0 => random.Next(0, 5), 1 => random.Next(0, 3000), _ => random.Next(0, 20_000) });
        var (type, data) = Event();
        var occurredAt = random.Next(6) switch
        {
            0 => now.AddMinutes(-random.Next(0, 60_000)),
            1 => now.AddMinutes(random.Next(0, 20)),
            2 => now.AddDays(-random.Next(0, 3)),
            _ => (DateTimeOffset?)null,
        };
        return StampedEvent.Stamp(Submitted(Make.Json(subject, $"e{made++}", type, data.ToJsonString(), occurredAt is { } time ? Rfc3339.Format(time) : null)), Make.Org, project ?? Make.Project, null, now, Salts);
    }

    static readonly SeededRandom Salts = new(11);

    SubmittedEvent Submitted(string json)
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        return EventParser.Parse(document.RootElement, null, now) switch
        {
            ParsedEvent.Accepted accepted => accepted.Event,
            ParsedEvent.Refused refused => throw new ArgumentException(string.Join("; ", refused.Errors.Select(e => $"{e.Field} {e.Mend}"))),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    (string, JsonObject) Event() => random.Next(22) switch
    {
        0 or 1 or 2 => ("cert.issued", Validity(new JsonObject { ["chain_depth"] = 2 })),
        3 or 4 => ("cert.renewed", Validity(new JsonObject { ["trigger"] = "scheduler" })),
        5 or 6 => ("cert.renewal_failed", new JsonObject { ["attempt"] = random.Next(1, 9), ["error_class"] = "network", ["next_retry_at"] = Maybe(Time(1)) }),
        7 => ("cert.expiring_soon", Of(new JsonObject { ["days_remaining"] = 3, ["threshold"] = random.Next(6) switch { 0 => 30, 1 => 14, 2 => 7, 3 => 3, 4 => 1, _ => 45 } })),
        8 => ("cert.expired", Of(new JsonObject { ["expired_for"] = 60 })),
        9 => ("cert.revoked", MaybeOf(new JsonObject { ["reason_code"] = 4 })),
        10 => ("cert.deleted", []),
        11 => ("cert.requested", new JsonObject { ["issuer"] = "CN=CA 2", ["subject"] = "CN=x.example.com,O=Acme" }),
        12 => ("cert.approved", new JsonObject { ["approver"] = "ada", ["approval_id"] = random.Next(9) }),
        13 => ("cert.msca_pending", new JsonObject { ["request_id"] = random.Next(1, 3), ["connection_id"] = "dc1" }),
        14 => random.Next(2) == 0 ? ("cert.msca_approved", new JsonObject { ["request_id"] = random.Next(1, 3) }) : ("cert.msca_pending_timeout", new JsonObject { ["request_id"] = "1" }),
        15 => ("cert.renewal_info", MaybeOf(new JsonObject { ["window_start"] = Time(0), ["window_end"] = Time(5) })),
        16 => ("cert.expiry_suppressed", Of(new JsonObject
        {
            ["announcement"] = random.Next(3) switch { 0 => "expired", 1 => "renewal_stalled", _ => "expiring_soon" },
            ["reason"] = "superseded",
            ["threshold"] = 7,
            ["superseded_by"] = random.Next(3) == 0 ? null : "other",
        })),
        17 => ("cert.expiry_cleared", new JsonObject { ["fingerprint"] = Fingerprints[random.Next(3)], ["not_after"] = End(random.Next(4)) }),
        18 => ("cert.renewal_stalled", Of(new JsonObject { ["failures"] = 2, ["seconds_remaining"] = 60 })),
        19 => ("cert.distributed", new JsonObject { ["distribution_id"] = random.Next(5), ["module"] = "nginx", ["targets_succeeded"] = 2 }),
        20 => ("cert.distribution_failed", new JsonObject { ["distribution_id"] = "d1", ["error_class"] = "auth", ["targets_failed"] = new JsonArray("web-1") }),
        _ => ("cert.downloaded", new JsonObject { ["format"] = "pem" }),
    };

    JsonObject Validity(JsonObject data)
    {
        var which = random.Next(3);
        data["fingerprint"] = random.Next(2) == 0 ? Fingerprints[which] : string.Join(':', Fingerprints[which].Chunk(2).Select(c => new string(c)));
        data["not_before"] = Rfc3339.Format(Make.Now.AddDays(-1));
        data["not_after"] = End(random.Next(4));
        data["issuer"] = Maybe("CN=CA 1");
        data["subject"] = Maybe("CN=a.example.com,O=Acme");
        if (random.Next(3) > 0)
            data["subject_alt_names"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => JsonValue.Create(Domains[random.Next(Domains.Length)]))]);
        if (random.Next(4) == 0)
            (data["renewal_window_start"], data["renewal_window_end"]) = (Time(3), Time(9));
        return data;
    }

    /// <summary>Four ends, so that one comes again under a fingerprint.</summary>
    static string End(int which) => Rfc3339.Format(Make.Now.AddDays(which switch { 0 => 6, 1 => 47, 2 => 90, _ => 398 }));

    string Time(int days) => Rfc3339.Format(now.AddDays(days).AddMinutes(random.Next(1000)));

    JsonObject Of(JsonObject data)
    {
        if (random.Next(3) == 0)
            return data;
        (data["fingerprint"], data["not_after"]) = (Fingerprints[random.Next(3)], End(random.Next(4)));
        return data;
    }

    JsonObject MaybeOf(JsonObject data)
    {
        if (random.Next(3) == 0)
            data["fingerprint"] = Fingerprints[random.Next(3)];
        return data;
    }

    string? Maybe(string text) => random.Next(3) == 0 ? null : text;
}
