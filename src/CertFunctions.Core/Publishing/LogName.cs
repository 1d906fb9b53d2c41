using System.Diagnostics.CodeAnalysis;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// What a service is called where its checkpoints are read: the origin of a ledger's checkpoints, and the name their key signs under, is
/// <c>NAME/ORG</c>. A URL without its scheme is good; it need not be reachable. Never changed once something is published: it would be another log.
/// </summary>
public readonly record struct LogName
{
    public const string Grammar = "1 to 128 bytes of text without spaces, control characters and +, not ending in /, such as log.example.com/certfn";

    LogName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out LogName name)
    {
        var ok = VerifierKey.IsName(text) && System.Text.Encoding.UTF8.GetByteCount(text) <= 128 && !text.EndsWith('/');
        name = ok ? new LogName(text!) : default;
        return ok;
    }

    public static LogName Parse(string text) => TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a log's name: {Grammar}");

    /// <summary>The origin of a ledger's checkpoints.</summary>
    public string Origin(OrgId ledger) => $"{Value}/{ledger}";

    public override string ToString() => Value;
}
