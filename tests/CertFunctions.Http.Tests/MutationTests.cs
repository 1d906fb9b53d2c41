using System.Text;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>
/// Whatever is done to a valid body, the service answers with a 2xx or a 4xx, says the truth about what it stored, and logs no fault of its own
/// (the base class looks). A failure names seed and round, and comes again with them.
/// </summary>
public sealed class MutationTests : HttpTest
{
    const int Rounds = 500;

    static readonly string[] Fragments =
    [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "1e999", "-0", "0.1", "\\u0000", "\\ud800", "\u0000", "\uFEFF", "\n", "\r\n", " ", "{\"a\":", "[[[[", "\"id\":", "\"type\":", "\"data\":{",
        "certificate", "ext.a", "cert.issued", "2026-03-01T12:00:00Z", "9999-12-31T23:59:60Z", "12345678901234567890", "é", "\u202E", "/*", "NaN", "\"subject\":{\"kind\":\"certificate\",\"id\":\"c2\"}",
    ];

    [Theory]
    [InlineData(11, "application/json")]
    [InlineData(12, "application/json")]
    [InlineData(13, "application/x-ndjson")]
    [InlineData(14, "application/cloudevents+json")]
    public async Task No_mutation_of_a_valid_body_gives_5xx_or_stores_what_is_not_acknowledged(int seed, string contentType)
    {
        var random = new Random(seed);
        var stored = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var body = Mutate(Valid(contentType, round, random), random);
            var answer = await Service.PostAsync(body, random.Next(4) == 0 ? "/certificates/c1/events" : "/events", contentType);
            var what = $"seed {seed}, round {round}: {answer.Status} {answer.Text} to {Convert.ToBase64String(body)}";
            Assert.True(answer.Status is >= 200 and < 500, what);

            var acknowledged = Acknowledged(answer);
            var now = await Service.StoredAsync();
            // The feed's order is that of the answer.
            Assert.True(acknowledged.SequenceEqual(now.Skip(stored).Select(e => (e.Id.Value, e.Seq))), what);
            stored = now.Count;
        }

        // Had every one been refused, the other half of the property would have been tried on nothing.
        Assert.InRange(stored, 10, 3 * Rounds);
    }

    /// <summary>Id and seq of each event the answer says is recorded by this request.</summary>
    static IReadOnlyList<(string, long)> Acknowledged(Answer answer)
    {
        if (answer.MediaType == "application/problem+json")
            return [];
        var items = answer.Json.TryGetProperty("results", out var results) ? results.EnumerateArray().ToList() : [answer.Json];
        return [.. items.Where(i => i.GetProperty("status").GetInt32() == 201).Select(i => (i.GetProperty("id").GetString()!, i.GetProperty("seq").GetInt64()))];
    }

    static byte[] Valid(string contentType, int round, Random random)
    {
        var one = Make.Json("c1", id: $"e{round}", occurredAt: "2026-02-01T00:00:00Z", data: """{"format":"pem","ip":"192.0.2.7","ext":{"n":[1,2.5,{"ä":"\u00e9"}]}}""");
        return Encoding.UTF8.GetBytes(contentType switch
        {
            "application/json" => random.Next(2) == 0 ? one : $"[{one},{Make.Json("c2", id: $"e{round}")}]",
            "application/x-ndjson" => $"{one}\n{Make.Json("c2", id: $"e{round}")}\n{Make.Json("c3", id: $"e{round}")}\n",
            _ => $$$"""{"specversion":"1.0","id":"{{{round}}}","source":"/s","type":"cert.downloaded","subject":"certificate/c1","time":"2026-02-01T00:00:00Z","actortype":"user","actorid":"u","data":{"format":"pem","ext":{"n":[1]} } }""",
        });
    }

    static byte[] Mutate(byte[] body, Random random)
    {
        var bytes = body.ToList();
        for (var times = random.Next(1, 4); times > 0 && bytes.Count > 1; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), random.Next(1, bytes.Count / 2)));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 6:
                    // A letter for another, which is well-formed still and often right.
                    if (char.IsAsciiLetterOrDigit((char)bytes[at]))
                        bytes[at] = (byte)"a1Z"[random.Next(3)];
                    break;
                default:
                    // A value for another, which leaves the JSON whole more often than the rest does.
                    var fragment = Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]);
                    var end = Math.Min(bytes.Count, at + fragment.Length);
                    bytes.RemoveRange(at, end - at);
                    bytes.InsertRange(at, fragment);
                    break;
            }
        }

        return [.. bytes];
    }
}
