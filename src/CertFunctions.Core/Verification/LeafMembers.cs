namespace CertFunctions.Core.Verification;

/// <summary>
/// The members of a leaf that is printed as <c>docs/ledger-format.md</c> prints it, in place and without a copy. Only for saying yes quickly: what it
/// does not read (an escape in a text, anything out of the format's order) is not wrong for that, and <see cref="Events.LeafHeader"/> decides.
/// Spans are the texts' bytes as they stand, without their quotation marks.
/// </summary>
public readonly ref struct LeafMembers
{
    public ReadOnlySpan<byte> Id { get; private init; }

    public ReadOnlySpan<byte> OccurredAt { get; private init; }

    public ReadOnlySpan<byte> Org { get; private init; }

    public ReadOnlySpan<byte> Project { get; private init; }

    public ReadOnlySpan<byte> Seq { get; private init; }

    public ReadOnlySpan<byte> SubjectId { get; private init; }

    public ReadOnlySpan<byte> SubjectKind { get; private init; }

    public ReadOnlySpan<byte> Type { get; private init; }

    public static bool TryRead(ReadOnlySpan<byte> leaf, out LeafMembers members)
    {
        members = default;
        var rest = new Cursor(leaf);
        if (!(rest.Text("{\"actor\":{\"type\":\""u8, out _) && rest.Is("}"u8)
            && rest.MayBeText(",\"correlation_id\":\""u8)
            && rest.Is(",\"data\":"u8) && rest.SkipObject()
            && rest.Text(",\"id\":\""u8, out var id)
            && rest.Text(",\"module\":\""u8, out _)
            && rest.Text(",\"occurred_at\":\""u8, out var occurredAt)
            && rest.Text(",\"org_id\":\""u8, out var org)
            && rest.Text(",\"personal\":\""u8, out var personal) && personal.Length == 64
            && rest.Text(",\"project_id\":\""u8, out var project)
            && rest.Text(",\"recorded_at\":\""u8, out _)
            && rest.Is(",\"seq\":"u8) && rest.Digits(out var seq)
            && rest.Text(",\"severity\":\""u8, out _)
            && rest.Text(",\"status\":\""u8, out _)
            && rest.Text(",\"subject\":{\"id\":\""u8, out var subjectId) && rest.Text(",\"kind\":\""u8, out var subjectKind) && rest.Is("}"u8)
            && rest.MayBeText(",\"submitted_type\":\""u8)
            && rest.MayBeText(",\"traceparent\":\""u8)
            && rest.Text(",\"type\":\""u8, out var type)
            && rest.Is(",\"v\":1}"u8) && rest.AtEnd))
            return false;
        members = new LeafMembers { Id = id, OccurredAt = occurredAt, Org = org, Project = project, Seq = seq, SubjectId = subjectId, SubjectKind = subjectKind, Type = type };
        return true;
    }

    ref struct Cursor(ReadOnlySpan<byte> leaf)
    {
        ReadOnlySpan<byte> rest = leaf;

        public readonly bool AtEnd => rest.IsEmpty;

        public bool Is(ReadOnlySpan<byte> literal)
        {
            if (!rest.StartsWith(literal))
                return false;
            rest = rest[literal.Length..];
            return true;
        }

        /// <summary>What stands before a text, up to and with its opening quotation mark, and the text.</summary>
        public bool Text(ReadOnlySpan<byte> opening, out ReadOnlySpan<byte> text)
        {
            text = default;
            if (!Is(opening))
                return false;
            var end = rest.IndexOfAny((byte)'"', (byte)'\\');
            if (end < 0 || rest[end] != '"')
                return false;
            text = rest[..end];
            rest = rest[(end + 1)..];
            return true;
        }

        public bool MayBeText(ReadOnlySpan<byte> opening) => !rest.StartsWith(opening) || Text(opening, out _);

        public bool Digits(out ReadOnlySpan<byte> digits)
        {
            var end = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            digits = end > 0 ? rest[..end] : default;
            rest = end > 0 ? rest[end..] : rest;
            return end > 0;
        }

        /// <summary>An object, to the brace that closes it.</summary>
        public bool SkipObject()
        {
            if (!rest.StartsWith((byte)'{'))
                return false;
            var depth = 0;
            for (var at = 0; ;)
            {
                var step = rest[at..].IndexOfAny((byte)'"', (byte)'{', (byte)'}');
                if (step < 0)
                    return false;
                at += step + 1;
                switch (rest[at - 1])
                {
                    case (byte)'{':
                        depth++;
                        break;
                    case (byte)'}':
                        if (--depth > 0)
                            break;
                        rest = rest[at..];
                        return depth == 0;
                    default:
                        if (!SkipText(ref at))
                            return false;
                        break;
                }
            }
        }

        /// <summary>From inside a text to past its closing quotation mark.</summary>
        readonly bool SkipText(ref int at)
        {
            while (at < rest.Length)
            {
                var step = rest[at..].IndexOfAny((byte)'"', (byte)'\\');
                if (step < 0)
                    return false;
                at += step + 1;
                if (rest[at - 1] == '"')
                    return true;
                at++;
            }

            return false;
        }
    }
}
