using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Notes;

/// <summary>
/// What a log says of itself at one moment (C2SP tlog-checkpoint): the text of a signed note.
/// <code>
/// ORIGIN                      whose log: a name without spaces and +
/// SIZE                        entries, decimal
/// ROOT                        root of the tree over them, base64
/// chain HEX                   hash of the last entry of the chain, or genesis
/// time 2026-03-01T12:00:00Z   when it was made, whole seconds
/// </code>
/// The last two are extension lines: ours have both, in this order; other lines may follow, and another log's checkpoint may have none of them.
/// </summary>
public sealed record Checkpoint
{
    /// <summary>Bytes of the longest text that is read.</summary>
    public const int MaxBytes = 4096;

    const string ChainLine = "chain ";
    const string TimeLine = "time ";

    public required string Origin { get; init; }

    public required long Size { get; init; }

    public required Digest Root { get; init; }

    /// <summary>Hash of the chain's last entry at this size; null where the log names none.</summary>
    public Digest? Chain { get; init; }

    /// <summary>When it was made, by the log's clock; null where the log does not say.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Extension lines that are not ours, as they stand, without their line feeds.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>A time as a checkpoint can say it.</summary>
    public static DateTimeOffset CutToSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    /// <summary>The text of the note.</summary>
    public byte[] ToText()
    {
        if (!VerifierKey.IsName(Origin))
            throw new InvalidOperationException($"'{Origin}' is not an origin: it may have no spaces, control characters and +");
        var text = new StringBuilder().Append(Origin).Append('\n').Append(CultureInfo.InvariantCulture, $"{Size}\n").Append(Convert.ToBase64String(Root.AsSpan())).Append('\n');
        if (Chain is { } chain)
            text.Append(ChainLine).Append(chain).Append('\n');
        if (Time is { } time)
            text.Append(TimeLine).Append(Rfc3339.Format(CutToSeconds(time))).Append('\n');
        foreach (var line in Extensions)
            text.Append(line).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>
    /// Reads the text of a note. Where it is not a checkpoint, <paramref name="why"/> says so in a clause. Lines that begin as ours do and are
    /// not ours refuse it; other extension lines are kept. Printed again it is the same text.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out string? why)
    {
        checkpoint = null;
        why = null;
        if (text.Length > MaxBytes || text.IsEmpty || text[^1] != '\n' || !System.Text.Unicode.Utf8.IsValid(text))
        {
            why = $"it is not text of at most {MaxBytes} bytes that ends in a line feed";
            return false;
        }

        var lines = Encoding.UTF8.GetString(text[..^1]).Split('\n');
        Digest root = default;
        long size = 0;
        if (lines.Length < 3 || Array.Exists(lines, l => l.Length == 0))
            why = "it has not three lines or more, none of them empty";
        else if (!VerifierKey.IsName(lines[0]))
            why = "its origin has a space or a +";
        else if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out size) || size.ToString(CultureInfo.InvariantCulture) != lines[1])
            why = "its size is not a whole number without leading zeros";
        else if (!TryReadRoot(lines[2], out root))
            why = "its root is not base64 of 32 bytes";
        if (why is not null)
            return false;

        var next = 3;
        Digest? chain = null;
        DateTimeOffset? time = null;
        if (next < lines.Length && TryReadChain(lines[next], out var hash))
            (chain, next) = (hash, next + 1);
        if (next < lines.Length && TryReadTime(lines[next], out var at))
            (time, next) = (at, next + 1);
        if (Array.Exists(lines[next..], l => l.StartsWith(ChainLine, StringComparison.Ordinal) || l.StartsWith(TimeLine, StringComparison.Ordinal)))
        {
            why = "its chain or time line is not as we write it: 64 lower-case hex digits, then a UTC time of whole seconds, each once";
            return false;
        }

        checkpoint = new Checkpoint { Origin = lines[0], Size = size, Root = root, Chain = chain, Time = time, Extensions = lines.Length == next ? [] : lines[next..] };
        return true;
    }

    /// <summary>Whether both say the same of the log, whenever they say it: the same origin, size, root and (where both name it) chain.</summary>
    public bool AgreesWith(Checkpoint other) =>
        Origin == other.Origin && Size == other.Size && Root == other.Root && (Chain is not { } mine || other.Chain is not { } theirs || mine == theirs);

    static bool TryReadRoot(string line, out Digest root)
    {
        root = default;
        return line.Length == 44 && Convert.TryFromBase64String(line, root.Bytes, out var length) && length == Digest.Length && Convert.ToBase64String(root.AsSpan()) == line;
    }

    static bool TryReadChain(string line, out Digest hash)
    {
        hash = default;
        return line.StartsWith(ChainLine, StringComparison.Ordinal) && Digest.TryParse(line[ChainLine.Length..], out hash) && ChainLine + hash == line;
    }

    static bool TryReadTime(string line, out DateTimeOffset time)
    {
        time = default;
        return line.StartsWith(TimeLine, StringComparison.Ordinal) && Rfc3339.TryParse(line[TimeLine.Length..], out time) && TimeLine + Rfc3339.Format(CutToSeconds(time)) == line;
    }
}
