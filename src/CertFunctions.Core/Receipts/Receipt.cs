using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Receipts;

/// <summary>
/// What is promised of an event that was acknowledged (R34): that the ledger of its org holds this very leaf by <see cref="DueAt"/>. Follows from the stored
/// event alone, so that whoever asks again gets the same promise, byte by byte (<c>docs/ledger-format.md</c>, "Receipts").
/// </summary>
public sealed record Receipt
{
    const string Tag = "CertFunctions/receipt/v1";

    public required SubjectAddress Address { get; init; }

    public required EventId Id { get; init; }

    public required long Seq { get; init; }

    public required Digest LeafHash { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The time by which the leaf must be in the ledger.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>The promise on a stored event. <paramref name="within"/> is the time chaining may take.</summary>
    public static Receipt Of(RecordedEvent recorded, TimeSpan within)
    {
        if (!LeafHeader.TryRead(recorded.Leaf.Span, out var leaf))
            throw new InvalidDataException($"the leaf of event {recorded.Id} is not one");
        return new Receipt
        {
            Address = recorded.Address,
            Id = recorded.Id,
            Seq = recorded.Seq,
            LeafHash = LedgerHash.Leaf(recorded.Leaf.Span),
            RecordedAt = leaf.RecordedAt,
            DueAt = leaf.RecordedAt + within,
        };
    }

    /// <summary>The text that is signed: nine lines, each ended by a line feed.</summary>
    public string Text() => FormattableString.Invariant($"""
        {Tag}
        ledger {Address.Org}
        project {Address.Project}
        subject {Address.Subject.Kind} {Address.Subject.Id}
        event {Id}
        seq {Seq}
        leaf {Convert.ToBase64String(LeafHash.AsSpan())}
        recorded {Rfc3339.Format(RecordedAt)}
        due {Rfc3339.Format(DueAt)}

        """).ReplaceLineEndings("\n");

    /// <summary>Reads such a text as it was written; null for any other.</summary>
    public static Receipt? TryRead(string text)
    {
        string[] names = ["", "ledger ", "project ", "subject ", "event ", "seq ", "leaf ", "recorded ", "due "];
        var lines = text.Split('\n');
        if (lines.Length != names.Length + 1 || lines[0] != Tag)
            return null;
        for (var i = 1; i < names.Length; i++)
        {
            if (!lines[i].StartsWith(names[i], StringComparison.Ordinal))
                return null;
            lines[i] = lines[i][names[i].Length..];
        }

        var blank = lines[3].IndexOf(' ', StringComparison.Ordinal);
        Digest leafHash = default;
        if (blank < 0 || !OrgId.TryParse(lines[1], out var org) || !ProjectId.TryParse(lines[2], out var project)
            || !Subject.TryParse(lines[3][..blank], lines[3][(blank + 1)..], out var subject) || !EventId.TryParse(lines[4], out var id)
            || !long.TryParse(lines[5], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || !Convert.TryFromBase64String(lines[6], leafHash.Bytes, out var bytes) || bytes != Digest.Length
            || !Rfc3339.TryParse(lines[7], out var recordedAt) || !Rfc3339.TryParse(lines[8], out var dueAt))
            return null;
        var receipt = new Receipt { Address = new SubjectAddress(org, project, subject), Id = id, Seq = seq, LeafHash = leafHash, RecordedAt = recordedAt, DueAt = dueAt };
        // One spelling only: another would be the same promise with other bytes.
        return receipt.Text() == text ? receipt : null;
    }
}
