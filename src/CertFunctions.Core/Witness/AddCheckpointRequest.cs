using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Witness;

/// <summary>
/// The body of <c>POST /add-checkpoint</c> (C2SP tlog-witness): the size the witness is thought to have seen last, the proof from there, and the checkpoint.
/// <code>
/// old SIZE
/// BASE64 …        the consistency proof, a hash a line, at most 63
///
/// the note
/// </code>
/// </summary>
public sealed record AddCheckpointRequest(long OldSize, IReadOnlyList<Digest> Proof, SignedNote Note)
{
    /// <summary>Most lines of a proof.</summary>
    public const int MaxProof = 63;

    /// <summary>Bytes of the longest body: the longest note, and the proof before it.</summary>
    public const int MaxBytes = SignedNote.MaxBytes + 4096;

    public byte[] ToBytes()
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        foreach (var hash in Proof)
            head.Append(Convert.ToBase64String(hash.AsSpan())).Append('\n');
        return [.. Encoding.ASCII.GetBytes(head.Append('\n').ToString()), .. Note.ToBytes()];
    }

    /// <summary>Reads a body as the protocol has it. Where it is not one, <paramref name="why"/> says so in a clause.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out AddCheckpointRequest? request, [NotNullWhen(false)] out string? why)
    {
        request = null;
        if (!TryReadLine(ref body, out var line) || !TryReadSize(line, out var oldSize))
        {
            why = "its first line is not 'old' and a size";
            return false;
        }

        var proof = new List<Digest>();
        while (true)
        {
            if (!TryReadLine(ref body, out line))
                why = "no empty line ends the proof";
            else if (line.Length == 0)
                break;
            else if (proof.Count == MaxProof)
                why = $"its proof has more than {MaxProof} lines";
            else if (!TryReadHash(line, out var hash))
                why = $"line {proof.Count + 1} of its proof is not base64 of 32 bytes";
            else
            {
                proof.Add(hash);
                continue;
            }

            return false;
        }

        if (!SignedNote.TryParse(body, out var note, out why))
            return false;
        request = new AddCheckpointRequest(oldSize, proof, note);
        return true;
    }

    /// <summary>A size in decimal without leading zeros, as the protocol prints it.</summary>
    public static bool TryReadSize(string text, out long size) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size.ToString(CultureInfo.InvariantCulture) == text;

    static bool TryReadSize(ReadOnlySpan<byte> line, out long size)
    {
        size = 0;
        return line.Length <= 24 && line.StartsWith("old "u8) && TryReadSize(Encoding.UTF8.GetString(line[4..]), out size);
    }

    static bool TryReadHash(ReadOnlySpan<byte> line, out Digest hash)
    {
        hash = default;
        return line.Length == 44 && Convert.TryFromBase64String(Encoding.UTF8.GetString(line), hash.Bytes, out var bytes) && bytes == Digest.Length
            && Encoding.ASCII.GetBytes(Convert.ToBase64String(hash.AsSpan())).AsSpan().SequenceEqual(line);
    }

    static bool TryReadLine(ref ReadOnlySpan<byte> body, out ReadOnlySpan<byte> line)
    {
        var end = body.IndexOf((byte)'\n');
        line = end < 0 ? default : body[..end];
        body = end < 0 ? body : body[(end + 1)..];
        return end >= 0;
    }
}
