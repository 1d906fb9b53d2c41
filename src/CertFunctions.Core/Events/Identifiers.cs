using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CertFunctions.Core.Events;

/// <summary>The tenant: every event, ledger, credential and query belongs to exactly one. 1–64 of <c>A–Z a–z 0–9 . _ -</c>, starting with a letter or digit.</summary>
public readonly record struct OrgId
{
    OrgId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out OrgId id)
    {
        var ok = IdentifierGrammar.IsName(text, 64);
        id = ok ? new OrgId(text!) : default;
        return ok;
    }

    public static OrgId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not an org id");

    public override string ToString() => Value;
}

/// <summary>A project inside an org. Same grammar as <see cref="OrgId"/>.</summary>
public readonly record struct ProjectId
{
    ProjectId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out ProjectId id)
    {
        var ok = IdentifierGrammar.IsName(text, 64);
        id = ok ? new ProjectId(text!) : default;
        return ok;
    }

    public static ProjectId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a project id");

    public override string ToString() => Value;
}

/// <summary>
/// The identity a producer gives one event; unique per subject, and what makes a retry safe. 1–128 of <c>A–Z a–z 0–9 . _ : -</c>, starting
/// with a letter or digit. Events that come without one get a UUIDv7 (RFC 9562).
/// </summary>
public readonly record struct EventId
{
    EventId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out EventId id)
    {
        var ok = IdentifierGrammar.IsName(text, 128, extra: ':');
        id = ok ? new EventId(text!) : default;
        return ok;
    }

    public static EventId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not an event id");

    public override string ToString() => Value;
}

/// <summary>
/// What an event is about. <c>kind</c> is 1–32 of <c>a–z 0–9 _</c> starting with a letter; <c>id</c> is 1–256 UTF-8 octets of well-formed text
/// without control or separator characters, without <c>/ \ ? #</c> (it stands in URLs and document ids), not <c>.</c> or <c>..</c>.
/// </summary>
public readonly record struct Subject
{
    public const string Certificate = "certificate";
    public const string KindGrammar = "1 to 32 characters from a-z, 0-9 and _, starting with a letter";
    public const string IdGrammar = "1 to 256 bytes of text without control characters and without / \\ ? #";

    Subject(string kind, string id) => (Kind, Id) = (kind, id);

    public string Kind { get; }

    public string Id { get; }

    public static bool TryParse([NotNullWhen(true)] string? kind, [NotNullWhen(true)] string? id, out Subject subject)
    {
        var ok = IsKind(kind) && IsId(id);
        subject = ok ? new Subject(kind!, id!) : default;
        return ok;
    }

    public static Subject Parse(string kind, string id) =>
        TryParse(kind, id, out var subject) ? subject : throw new FormatException($"'{kind}:{id}' is not a subject");

    public static bool IsKind([NotNullWhen(true)] string? kind)
    {
        if (kind is null || kind.Length is 0 or > 32 || !char.IsAsciiLetterLower(kind[0]))
            return false;
        foreach (var c in kind)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_')
                return false;
        }

        return true;
    }

    public static bool IsId([NotNullWhen(true)] string? id) =>
        IdentifierGrammar.IsVisibleText(id, 256) && id is not "." and not ".." && id.AsSpan().IndexOfAny("/\\?#") < 0;

    public override string ToString() => $"{Kind}:{Id}";
}

/// <summary>Where an event belongs: the org and project it may be read in, and its subject.</summary>
public readonly record struct SubjectAddress(OrgId Org, ProjectId Project, Subject Subject);

static class IdentifierGrammar
{
    public static bool IsName([NotNullWhen(true)] string? text, int maxLength, char extra = '-')
    {
        if (text is null || text.Length == 0 || text.Length > maxLength || !char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-') && c != extra)
                return false;
        }

        return true;
    }

    /// <summary>Well-formed text a person can see: no control, format-breaking or surrogate-half characters, no blank at either end.</summary>
    public static bool IsVisibleText([NotNullWhen(true)] string? text, int maxUtf8Bytes)
    {
        if (string.IsNullOrEmpty(text) || text.Length > maxUtf8Bytes || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
            return false;
        var bytes = 0;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done)
                return false;
            if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0xFEFF)
                return false;
            bytes += rune.Utf8SequenceLength;
            rest = rest[used..];
        }

        return bytes <= maxUtf8Bytes;
    }
}
