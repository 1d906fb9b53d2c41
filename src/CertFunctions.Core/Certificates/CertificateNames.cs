using System.Text.Json;
using System.Text.Json.Serialization;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// The names a certificate is for, lower-case, each once, sorted. At most <see cref="Most"/> of at most <see cref="Longest"/> characters are kept, so that a head
/// stays small; of a certificate with more, or with a name that is none, it is known that some are missing, and it is never taken for covered by another.
/// </summary>
[JsonConverter(typeof(CertificateNamesJson))]
public sealed class CertificateNames : IEquatable<CertificateNames>
{
    public const int Most = 100;

    /// <summary>The longest a DNS name gets (RFC 1035).</summary>
    public const int Longest = 253;

    public static readonly CertificateNames None = new([], 0);

    readonly string[] names;

    CertificateNames(string[] names, int omitted) => (this.names, Omitted) = (names, omitted);

    public IReadOnlyList<string> Kept => names;

    /// <summary>How many are not among <see cref="Kept"/>.</summary>
    public int Omitted { get; }

    public static CertificateNames Of(IEnumerable<string> all)
    {
        var kept = new SortedSet<string>(StringComparer.Ordinal);
        var omitted = 0;
        foreach (var name in all)
        {
            var plain = Plain(name);
            if (plain.Length is 0 or > Longest || (kept.Count == Most && !kept.Contains(plain)))
                omitted++;
            else
                kept.Add(plain);
        }

        return kept.Count == 0 && omitted == 0 ? None : new CertificateNames([.. kept], omitted);
    }

    /// <summary>A name as it is compared: lower-case, without the final dot of an absolute DNS name.</summary>
    public static string Plain(string name)
    {
        var plain = name.Trim().ToLowerInvariant();
        return plain.EndsWith('.') ? plain[..^1] : plain;
    }

    /// <summary>
    /// The names that cover that one: itself, and the wildcard that stands for its first label (RFC 9525, 6.3: <c>*</c> is the whole left-most label and
    /// stands for exactly one). A wildcard is covered by itself alone.
    /// </summary>
    public static IEnumerable<string> CoveredBy(string name)
    {
        yield return name;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        // An address has no labels, and a wildcard right above the root or a single label stands for nothing.
        if (dot > 0 && name[0] != '*' && name.IndexOf('.', dot + 1) > 0 && !System.Net.IPAddress.TryParse(name, out _))
            yield return "*" + name[dot..];
    }

    /// <summary>Whether each of these names, of which none may be missing, is covered by one of <paramref name="wider"/>.</summary>
    public bool AreCoveredBy(CertificateNames wider) =>
        names.Length > 0 && Omitted == 0 && Array.TrueForAll(names, name => CoveredBy(name).Any(wider.Has));

    public bool Has(string plain) => Array.BinarySearch(names, plain, StringComparer.Ordinal) >= 0;

    /// <summary>Whether one of them is that name, or lies below it.</summary>
    public bool HasBelow(string plain) =>
        Array.Exists(names, name => name == plain || (name.Length > plain.Length && name[^(plain.Length + 1)] == '.' && name.EndsWith(plain, StringComparison.Ordinal)));

    public bool Equals(CertificateNames? other) => other is not null && (ReferenceEquals(this, other) || (Omitted == other.Omitted && names.AsSpan().SequenceEqual(other.names)));

    public override bool Equals(object? obj) => Equals(obj as CertificateNames);

    public override int GetHashCode() => HashCode.Combine(names.Length, names.Length == 0 ? null : names[0], Omitted);

    public override string ToString() => string.Join(", ", names);

    internal static CertificateNames Stored(string[] names, int omitted) => names.Length == 0 && omitted == 0 ? None : new CertificateNames(names, omitted);
}

/// <summary>An array of the names; a number after them says how many were left out.</summary>
sealed class CertificateNamesJson : JsonConverter<CertificateNames>
{
    public override CertificateNames Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("not a list of names");
        var names = new List<string>();
        var omitted = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Number)
                omitted = reader.GetInt32();
            else
                names.Add(reader.GetString()!);
        }

        return CertificateNames.Stored([.. names], omitted);
    }

    public override void Write(Utf8JsonWriter writer, CertificateNames value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var name in value.Kept)
            writer.WriteStringValue(name);
        if (value.Omitted > 0)
            writer.WriteNumberValue(value.Omitted);
        writer.WriteEndArray();
    }
}
