using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Verification;

/// <summary>
/// What a verifier holds on to, kept where the log's operator cannot change it (<c>certfn verify --trust FILE</c>, <c>docs/verification.md</c>). Nothing a
/// source says of itself replaces it.
/// </summary>
public sealed record TrustPolicy
{
    public const int Version = 1;

    /// <summary>Bytes of the longest policy that is read.</summary>
    public const int MaxBytes = 1024 * 1024;

    const int MaxKeys = 100;

    /// <summary>The log's name: the first line of its checkpoints.</summary>
    public required string Origin { get; init; }

    /// <summary>Whose ledger it is; null where the source may hold one only.</summary>
    public OrgId? Ledger { get; init; }

    /// <summary>The log's keys, at least one; a log that rotated its key has several.</summary>
    public required IReadOnlyList<VerifierKey> LogKeys { get; init; }

    /// <summary>The ledger has at least so many entries; fewer are a truncated ledger.</summary>
    public long MinSize { get; init; }

    /// <summary>A checkpoint of the log seen before, signed by one of its keys: what is verified must begin with it.</summary>
    public SeenCheckpoint? Earlier { get; init; }

    public IReadOnlyList<VerifierKey> Witnesses { get; init; } = [];

    /// <summary>How many of the witnesses must have cosigned a checkpoint; 0 where none need have.</summary>
    public int Quorum { get; init; }

    /// <summary>Certificates of the time-stamp authorities that are believed, PEM; where there is none, no time stamp is.</summary>
    public string? TimeStampCertificates { get; init; }

    /// <summary>Reads a policy. Strict: a member it does not know, or that comes twice, is a fault, for a misspelt pin would be none.</summary>
    /// <returns>The policy, or null and every fault by its field.</returns>
    public static TrustPolicy? Parse(ReadOnlyMemory<byte> json, out IReadOnlyList<FieldError> faults)
    {
        var errors = new FieldErrors();
        faults = errors.All;
        try
        {
            if (json.Length > MaxBytes)
                throw new JsonException("it is longer than 1 MiB");
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            var policy = Read(document.RootElement, errors);
            return errors.Any ? null : policy;
        }
        catch (JsonException e)
        {
            errors.Add("(file)", $"must be one JSON object: {e.Message}");
            return null;
        }
    }

    /// <summary>The policy as a file.</summary>
    public byte[] ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("origin", Origin);
            if (Ledger is { } ledger)
                json.WriteString("ledger", ledger.Value);
            WriteKeys(json, "log_keys", LogKeys);
            if (MinSize > 0)
                json.WriteNumber("min_size", MinSize);
            if (Earlier is { } earlier)
                json.WriteString("checkpoint", Encoding.UTF8.GetString(earlier.Note.ToBytes()));
            if (Witnesses.Count > 0)
            {
                json.WriteStartObject("witnesses");
                json.WriteNumber("quorum", Quorum);
                WriteKeys(json, "keys", Witnesses);
                json.WriteEndObject();
            }

            if (TimeStampCertificates is not null)
                json.WriteString("time_stamp_certificates", TimeStampCertificates);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    static void WriteKeys(Utf8JsonWriter json, string name, IReadOnlyList<VerifierKey> keys)
    {
        json.WriteStartArray(name);
        foreach (var key in keys)
            json.WriteStringValue(key.ToString());
        json.WriteEndArray();
    }

    static TrustPolicy? Read(JsonElement root, FieldErrors errors)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            errors.Add("(file)", "must be one JSON object");
            return null;
        }

        var policy = new TrustPolicy { Origin = "", LogKeys = [] };
        JsonElement? checkpoint = null;
        var version = false;
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "version":
                    version = member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out var v) && v == Version;
                    break;
                case "origin":
                    policy = policy with { Origin = Text(member, errors) ?? "" };
                    break;
                case "ledger":
                    if (OrgId.TryParse(Text(member, errors), out var ledger))
                        policy = policy with { Ledger = ledger };
                    else
                        errors.Add("ledger", "must be an org's id");
                    break;
                case "log_keys":
                    policy = policy with { LogKeys = Keys(member.Name, member.Value, errors) };
                    break;
                case "min_size":
                    policy = policy with { MinSize = Whole(member.Name, member.Value, errors) };
                    break;
                case "checkpoint":
                    checkpoint = member.Value;
                    break;
                case "witnesses":
                    policy = ReadWitnesses(policy, member.Value, errors);
                    break;
                case "time_stamp_certificates":
                    policy = policy with { TimeStampCertificates = Text(member, errors) };
                    if (policy.TimeStampCertificates?.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) == false)
                        errors.Add(member.Name, "must hold certificates in PEM");
                    break;
                default:
                    errors.Add(FieldErrors.Short(member.Name), "is not a member of a policy: it has version, origin, ledger, log_keys, min_size, checkpoint, witnesses and time_stamp_certificates");
                    break;
            }
        }

        if (!version)
            errors.Add("version", "must be the number 1");
        if (!VerifierKey.IsName(policy.Origin))
            errors.Add("origin", "must be the first line of the log's checkpoints: a name without spaces and +");
        if (policy.LogKeys.Count == 0 && !errors.All.Any(e => e.Field.StartsWith("log_keys", StringComparison.Ordinal)))
            errors.Add("log_keys", "must hold at least one key, as 'certfn key' prints it: NAME+KEYID+KEY");
        foreach (var (i, key) in policy.LogKeys.Index())
        {
            if (key.Name != policy.Origin)
                errors.Add($"log_keys[{i}]", $"is the key of {FieldErrors.Short(key.Name)}, not of the origin");
        }

        return checkpoint is { } note ? ReadCheckpoint(policy, note, errors) : policy;
    }

    static TrustPolicy ReadCheckpoint(TrustPolicy policy, JsonElement value, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.String)
            errors.Add("checkpoint", "must be a signed note, as one text");
        else if (!SeenCheckpoint.TryParse(Encoding.UTF8.GetBytes(value.GetString()!), "the policy's checkpoint", Layer.Pin, out var seen, out var why))
            errors.Add("checkpoint", $"is not a signed checkpoint: {why}");
        else if (seen.Checkpoint.Origin != policy.Origin)
            errors.Add("checkpoint", "is another log's: its origin is not the policy's");
        // Where the keys are at fault already, that is what is to be mended.
        else if (policy.LogKeys.Count > 0 && seen.Note.Check(policy.LogKeys).IsRefused)
            errors.Add("checkpoint", "is not signed with one of log_keys: where the log has rotated its key since, name the key in force as well ('certfn key')");
        else
            return policy with { Earlier = seen };
        return policy;
    }

    static TrustPolicy ReadWitnesses(TrustPolicy policy, JsonElement value, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add("witnesses", "must be an object with quorum and keys");
            return policy;
        }

        long? quorum = null;
        foreach (var member in value.EnumerateObject())
        {
            switch (member.Name)
            {
                case "quorum":
                    quorum = Whole("witnesses.quorum", member.Value, errors);
                    break;
                case "keys":
                    policy = policy with { Witnesses = Keys("witnesses.keys", member.Value, errors) };
                    break;
                default:
                    errors.Add($"witnesses.{FieldErrors.Short(member.Name)}", "is not a member: there are quorum and keys");
                    break;
            }
        }

        if (quorum is not >= 1 || quorum > policy.Witnesses.Count)
            errors.Add("witnesses.quorum", "must be 1 or more, and at most as many as there are keys");
        return policy with { Quorum = (int)Math.Min(quorum ?? 0, MaxKeys) };
    }

    static List<VerifierKey> Keys(string field, JsonElement value, FieldErrors errors)
    {
        var keys = new List<VerifierKey>();
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 or > MaxKeys)
        {
            errors.Add(field, $"must be an array of 1 to {MaxKeys} keys");
            return keys;
        }

        foreach (var (i, element) in value.EnumerateArray().Index())
        {
            if (!VerifierKey.TryParse(element.ValueKind == JsonValueKind.String ? element.GetString() : null, out var key, out var why))
                errors.Add($"{field}[{i}]", $"is not a verifier key: {why}");
            else if (keys.Contains(key))
                errors.Add($"{field}[{i}]", "comes twice");
            else
                keys.Add(key);
        }

        return keys;
    }

    static string? Text(JsonProperty member, FieldErrors errors)
    {
        if (member.Value.ValueKind == JsonValueKind.String)
            return member.Value.GetString();
        errors.Add(member.Name, "must be text");
        return null;
    }

    static long Whole(string field, JsonElement value, FieldErrors errors)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0)
            return number;
        errors.Add(field, "must be a whole number, 0 or more");
        return 0;
    }
}
