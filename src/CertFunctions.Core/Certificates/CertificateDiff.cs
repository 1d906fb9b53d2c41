using System.Text.Json;

namespace CertFunctions.Core.Certificates;

/// <summary>One member of a certificate's state that differs between two points: its path (<c>validity.not_after</c>), and both values as JSON, null where it was not there.</summary>
public sealed record CertificateDifference(string Member, JsonElement? Before, JsonElement? After);

/// <summary>What changed between two states, member by member.</summary>
public static class CertificateDiff
{
    public static IReadOnlyList<CertificateDifference> Between(CertificateState before, CertificateState after)
    {
        var differences = new List<CertificateDifference>();
        Compare("", JsonElement.Parse(before.ToJson()), JsonElement.Parse(after.ToJson()), differences);
        return differences;
    }

    static void Compare(string path, JsonElement? before, JsonElement? after, List<CertificateDifference> differences)
    {
        if (before is { ValueKind: JsonValueKind.Object } || after is { ValueKind: JsonValueKind.Object })
        {
            var members = Members(before).Concat(Members(after)).Distinct().Order(StringComparer.Ordinal);
            foreach (var member in members.Where(m => path.Length > 0 || m != "v"))
                Compare(path.Length == 0 ? member : $"{path}.{member}", Member(before, member), Member(after, member), differences);
        }
        else if (before is null || after is null ? before is not null || after is not null : !JsonElement.DeepEquals(before.Value, after.Value))
            differences.Add(new CertificateDifference(path, before, after));
    }

    static IEnumerable<string> Members(JsonElement? value) => value is { ValueKind: JsonValueKind.Object } o ? o.EnumerateObject().Select(m => m.Name) : [];

    static JsonElement? Member(JsonElement? value, string name) => value is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(name, out var member) ? member : null;
}
