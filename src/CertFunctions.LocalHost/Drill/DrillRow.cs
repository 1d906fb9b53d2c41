using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CertFunctions.Core.Events;

namespace CertFunctions.LocalHost.Drill;

/// <summary>An entry with its event, as someone with a pen in the database has it before them.</summary>
sealed partial record DrillRow
{
    public required long Subject { get; init; }

    public required long Seq { get; init; }

    public required string Id { get; init; }

    public required string Type { get; init; }

    public required long OccurredAt { get; init; }

    public required byte[] Leaf { get; init; }

    public required byte[]? Salt { get; init; }

    public required byte[]? Personal { get; init; }

    public required string KeyId { get; init; }

    /// <summary>The same event with another severity: no column says it, so only its hash tells.</summary>
    public DrillRow Edited() => WithLeaf(Severity.Replace(Text, m => m.Groups[1].Value == "info" ? ",\"severity\":\"warn\",\"status\":" : ",\"severity\":\"info\",\"status\":", 1));

    /// <summary>The same event, four years earlier, in the leaf and in the column.</summary>
    public DrillRow BackDated()
    {
        var row = WithLeaf(Year.Replace(Text, m => m.Groups[1].Value + (int.Parse(m.Groups[2].ValueSpan, CultureInfo.InvariantCulture) - 4).ToString("D4", CultureInfo.InvariantCulture)));
        return LeafHeader.TryRead(row.Leaf, out var header) ? row with { OccurredAt = (header.OccurredAt - DateTimeOffset.UnixEpoch).Ticks } : row;
    }

    /// <summary>Another event like it, under another id.</summary>
    public DrillRow Another(string id) => WithLeaf(ReplaceLast($",\"id\":\"{Id}\",\"module\":", $",\"id\":\"{id}\",\"module\":")) with { Id = id };

    public DrillRow Numbered(long seq) => seq == Seq ? this : WithLeaf(SeqMember.Replace(Text, $",\"seq\":{seq.ToString(CultureInfo.InvariantCulture)},\"severity\":", 1)) with { Seq = seq };

    string Text => Encoding.UTF8.GetString(Leaf);

    DrillRow WithLeaf(string text) => this with { Leaf = Encoding.UTF8.GetBytes(text) };

    string ReplaceLast(string old, string put)
    {
        var at = Text.LastIndexOf(old, StringComparison.Ordinal);
        return at < 0 ? Text : Text[..at] + put + Text[(at + old.Length)..];
    }

    // The leaf's own members stand after its payload: sought from the right, the first is it.
    [GeneratedRegex(""","severity":"([a-z]+)","status":""", RegexOptions.RightToLeft)]
    private static partial Regex Severity { get; }

    [GeneratedRegex(""","seq":\d+,"severity":""", RegexOptions.RightToLeft)]
    private static partial Regex SeqMember { get; }

    [GeneratedRegex("""(,"(?:occurred|recorded)_at":")(\d{4})(?=-\d\d-\d\dT)""")]
    private static partial Regex Year { get; }
}
