using System.Globalization;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Siem;

/// <summary>
/// A sink's place in a ledger as it is kept: <c>INDEX</c>, and once it was set back <c>INDEX REPLAYS</c>. The second number only grows, so that a position set back and
/// come forward again is never taken for the one before.
/// </summary>
readonly record struct SinkPosition(long Index, long Replays)
{
    public static string Reader(string sink, OrgId ledger) => $"sink/{sink}/{ledger}";

    /// <summary>The position that was kept; the beginning where none was.</summary>
    public static SinkPosition Read(string? text)
    {
        if (text is null)
            return default;
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        return blank < 0 ? new(Number(text), 0) : new(Number(text.AsSpan(0, blank)), Number(text.AsSpan(blank + 1)));
    }

    public string Print() => Replays == 0 ? string.Create(CultureInfo.InvariantCulture, $"{Index}") : string.Create(CultureInfo.InvariantCulture, $"{Index} {Replays}");

    static long Number(ReadOnlySpan<char> text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
