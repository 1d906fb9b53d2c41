namespace CertFunctions.Core.Events;

/// <summary>One thing wrong with an input: which field, and how to mend it. <c>Field</c> is a dotted path from the event's root (<c>data.not_after</c>).</summary>
public sealed record FieldError(string Field, string Mend);

/// <summary>
/// What is wrong with one input, gathered rather than thrown so that a client learns of every fault at once. Bounded: after
/// <see cref="Most"/> further faults are left out.
/// </summary>
public sealed class FieldErrors
{
    public const int Most = 25;

    /// <summary>Characters of a path that are given back: member names come from outside, and a problem must not grow with the input.</summary>
    const int LongestField = 256;
    const int LongestName = 64;

    /// <summary>A name from outside, as it goes back to its sender: only in part, for a problem must not grow with the input.</summary>
    public static string Short(string name) => name.Length <= LongestName ? name : name[..LongestName] + "…";

    readonly List<FieldError> errors = [];

    public bool Any => errors.Count > 0;

    public IReadOnlyList<FieldError> All => errors;

    public void Add(string field, string mend)
    {
        if (errors.Count < Most)
            errors.Add(new FieldError(field.Length <= LongestField ? field : field[..LongestField] + "…", mend));
    }
}
