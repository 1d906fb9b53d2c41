using System.Text.Json;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>
/// One field of an event type's <c>data</c>. <c>Personal</c> values are kept out of the leaf: only a salted commitment to them is hashed, so
/// they can be erased without touching a proof (R52).
/// </summary>
/// <param name="Name">Member name on the wire.</param>
/// <param name="Shape">What a value must look like.</param>
/// <param name="Required">Whether a payload without it is refused. An optional field may also be null.</param>
/// <param name="Personal">Whether the value can name or locate a person.</param>
public sealed record PayloadField(string Name, PayloadShape Shape, bool Required, bool Personal)
{
    public static PayloadField Need(string name, PayloadShape shape) => new(name, shape, Required: true, Personal: false);

    public static PayloadField May(string name, PayloadShape shape) => new(name, shape, Required: false, Personal: false);

    /// <summary>The same field, marked personal.</summary>
    public PayloadField OfAPerson() => this with { Personal = true };
}

/// <summary>What a payload value must look like; <c>Grammar</c> completes the sentence "must be …".</summary>
public sealed record PayloadShape(string Grammar, Func<JsonElement, bool> Fits)
{
    const int LongestText = 4096;

    public static readonly PayloadShape Text = new("text of 1 to 4096 characters", v => IsText(v, LongestText));
    public static readonly PayloadShape Token = new("1 to 64 characters from a-z, A-Z, 0-9, _, . and -", v => v.ValueKind == JsonValueKind.String && IsToken(v));
    public static readonly PayloadShape Identifier = new("an identifier: text of 1 to 256 characters, or a whole number", v => IsText(v, 256) || IsInteger(v, 0, long.MaxValue));
    public static readonly PayloadShape Time = new(Rfc3339.Grammar, v => v.ValueKind == JsonValueKind.String && CanonicalJson.TryGetText(v, out var s) && Rfc3339.TryParse(s, out _));
    public static readonly PayloadShape Fingerprint = new("a certificate fingerprint: 64 hex digits (SHA-256) or 40 (SHA-1), colons allowed", IsFingerprint);
    public static readonly PayloadShape Flag = new("true or false", v => v.ValueKind is JsonValueKind.True or JsonValueKind.False);
    public static readonly PayloadShape Count = Between(0, long.MaxValue);
    public static readonly PayloadShape Days = Count with { Grammar = "a whole number of days, 0 or more" };
    public static readonly PayloadShape Seconds = Count with { Grammar = "a whole number of seconds, 0 or more" };
    public static readonly PayloadShape Object = new("an object", v => v.ValueKind == JsonValueKind.Object);
    public static readonly PayloadShape Any = new("any JSON value", _ => true);
    public static readonly PayloadShape TextList = new("a list of at most 1000 texts", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() <= 1000 && v.EnumerateArray().All(i => IsText(i, LongestText)));
    public static readonly PayloadShape CountOrNames = new("a count, or the list of names", v => IsInteger(v, 0, long.MaxValue) || TextList.Fits(v));

    public static PayloadShape Between(long least, long most) =>
        new(most == long.MaxValue ? $"a whole number of {least} or more" : $"a whole number from {least} to {most}", v => IsInteger(v, least, most));

    public static PayloadShape OneOf(params string[] words) =>
        new($"one of {string.Join(", ", words)}", v => v.ValueKind == JsonValueKind.String && CanonicalJson.TryGetText(v, out var s) && Array.IndexOf(words, s) >= 0);

    public static PayloadShape OneOfNumbers(string grammar, params long[] numbers) =>
        new(grammar, v => v.ValueKind == JsonValueKind.Number && v.TryGetInt64(out var n) && Array.IndexOf(numbers, n) >= 0);

    static bool IsText(JsonElement value, int longest) =>
        value.ValueKind == JsonValueKind.String && CanonicalJson.TryGetText(value, out var s) && s.Length >= 1 && s.Length <= longest;

    static bool IsInteger(JsonElement value, long least, long most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var n) && n >= least && n <= most;

    static bool IsToken(JsonElement value) =>
        CanonicalJson.TryGetText(value, out var s) && s.Length is >= 1 and <= 64 && s.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    static bool IsFingerprint(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String || !CanonicalJson.TryGetText(value, out var s))
            return false;
        var digits = s.Replace(":", "", StringComparison.Ordinal);
        return digits.Length is 40 or 64 && digits.All(char.IsAsciiHexDigit)
            && (digits.Length == s.Length || (s.Length == digits.Length / 2 * 3 - 1 && s.Where((_, i) => i % 3 == 2).All(c => c == ':')));
    }
}
