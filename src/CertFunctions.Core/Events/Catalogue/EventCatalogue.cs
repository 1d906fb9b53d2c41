using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>
/// Every type this product knows (R1–R23): the one place where wire names, payload fields and what is personal are written down.
/// <c>docs/event-catalogue.md</c> is the same list for people, and a test holds the two together.
/// </summary>
public static class EventCatalogue
{
    static readonly FrozenDictionary<string, EventType> ByName =
        CertificateEvents.Types.Concat(RenewalEvents.Types).Concat(AuditEvents.Types).Concat(SigningEvents.Types).Concat(ServiceEvents.Types)
            .ToFrozenDictionary(t => t.Name);

    public static IReadOnlyList<EventType> All { get; } = [.. ByName.Values.OrderBy(t => t.Module, StringComparer.Ordinal).ThenBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>
    /// The type of that wire name, a known alias of it included; false for anything else. <paramref name="alias"/> says that the name was
    /// another product's for the type found.
    /// </summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out EventType? type, out bool alias)
    {
        alias = false;
        if (ByName.TryGetValue(name, out type) || EventType.TryExtension(name, out type))
            return true;
        alias = EventAliases.All.TryGetValue(name, out var canonical);
        return alias && ByName.TryGetValue(canonical!, out type);
    }

    /// <summary>What to tell someone whose type is unknown: the nearest known name where there is one, and the way to a type of their own.</summary>
    public static string Suggest(string name)
    {
        const string OwnName = "for a type of your own use the prefix ext., such as ext.acme.reviewed";
        var nearest = name.Length > 64 ? null : ByName.Keys.Where(k => EditDistance(name, k) <= 3).Order(StringComparer.Ordinal).MinBy(k => EditDistance(name, k));
        return nearest is null ? $"is not a known type: see the event catalogue; {OwnName}" : $"is not a known type: did you mean {nearest}? Otherwise, {OwnName}";
    }

    static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
