using System.Diagnostics.CodeAnalysis;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>
/// One type of event: its wire name, the module it is reported under (R20), what it tells, how loud it is when the producer does not say, and
/// the fields of its <c>data</c>.
/// </summary>
public sealed record EventType
{
    /// <summary>The member of every payload that may hold anything a producer wants to add to a known type.</summary>
    public const string Extra = "ext";

    /// <summary>The wire name, such as <c>cert.renewal_failed</c>.</summary>
    public required string Name { get; init; }

    public required string Module { get; init; }

    /// <summary>When a producer sends it, as a phrase for the catalogue page.</summary>
    public required string When { get; init; }

    public Severity DefaultSeverity { get; init; } = Severity.Info;

    public EventStatus DefaultStatus { get; init; } = EventStatus.Success;

    public IReadOnlyList<PayloadField> Fields { get; init; } = [];

    /// <summary>The subject kind such events are about; null where several are possible.</summary>
    public string? SubjectKind { get; init; }

    /// <summary>Whether members that <see cref="Fields"/> does not name are accepted: only under the <c>ext.</c> prefix.</summary>
    public bool IsOpen { get; init; }

    public PayloadField? Field(string name)
    {
        // A dozen fields at most: a scan beats a hash.
        foreach (var field in Fields)
        {
            if (field.Name == name)
                return field;
        }

        return null;
    }

    /// <summary>
    /// Types of a producer's own stand under <c>ext.</c>: lower-case words of a–z, 0–9 and <c>_</c> joined by dots, 128 characters at most.
    /// Their payload is open; its member <c>personal</c> is kept out of the leaf like any personal field.
    /// </summary>
    public static bool TryExtension(string name, [NotNullWhen(true)] out EventType? type)
    {
        type = null;
        if (!name.StartsWith(ExtensionPrefix, StringComparison.Ordinal) || name.Length > 128)
            return false;
        foreach (var word in name.AsSpan(ExtensionPrefix.Length).ToString().Split('.'))
        {
            if (word.Length == 0 || !char.IsAsciiLetterLower(word[0]) || !word.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
                return false;
        }

        type = new EventType
        {
            Name = name,
            Module = "extension",
            When = "a producer's own",
            IsOpen = true,
            Fields = [PayloadField.May("personal", PayloadShape.Object).OfAPerson()],
        };
        return true;
    }

    public const string ExtensionPrefix = "ext.";
}
