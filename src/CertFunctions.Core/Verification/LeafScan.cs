namespace CertFunctions.Core.Verification;

/// <summary>
/// Finds the commitment in a leaf without parsing all of it. Safe because a leaf is canonical: its own members stand after <c>data</c> in sorted
/// order, so the last <c>,"personal":"</c> that is followed by 64 hex digits and <c>","project_id":"</c> is the leaf's, and text inside a JSON
/// string cannot hold an unescaped quotation mark.
/// </summary>
static class LeafScan
{
    const int HexDigits = 64;

    static ReadOnlySpan<byte> Before => ",\"personal\":\""u8;

    static ReadOnlySpan<byte> After => "\",\"project_id\":\""u8;

    public static bool TryGetCommitment(ReadOnlySpan<byte> leaf, out ReadOnlySpan<byte> commitment)
    {
        commitment = default;
        var at = leaf.LastIndexOf(After);
        if (at < Before.Length + HexDigits)
            return false;
        var start = at - HexDigits;
        if (!leaf[(start - Before.Length)..start].SequenceEqual(Before))
            return false;
        commitment = leaf[start..at];
        return true;
    }
}
