namespace CertFunctions.Core.Publishing;

/// <summary>
/// Where the published record is kept apart from the store: a folder, or blobs under an immutability policy. Written once, never changed, never deleted here.
/// The contract, by number; every archive passes the same suite:
/// <list type="number">
/// <item><see cref="ArchivePut.Written"/> and <see cref="ArchivePut.Same"/> mean that exactly these bytes are durable under the name.</item>
/// <item>What is under a name stays: putting other bytes there is <see cref="ArchivePut.Differs"/> and changes nothing.</item>
/// <item>Of puts at once under one name, one is Written; the others are Same or Differs, as their bytes are.</item>
/// <item>When a put throws, its bytes are there whole or not at all; putting them again tells.</item>
/// <item>Reading gives the very bytes, and null where nothing is under the name.</item>
/// <item>Listing gives what is directly in a folder, in ordinal order, each once: names, and folders with a <c>/</c> at their end.</item>
/// </list>
/// A name is 1 to 512 of <c>A–Z a–z 0–9 . _ -</c> in parts joined by <c>/</c>; no part is empty, <c>.</c> or <c>..</c>.
/// </summary>
public interface IArchive
{
    /// <summary>Puts bytes under a name, once and for all. Carried through once begun.</summary>
    Task<ArchivePut> PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>The bytes under a name, null where there are none.</summary>
    Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// What is directly in <paramref name="folder"/> (a name without a <c>/</c> at its end; empty for the top), after <paramref name="after"/>, at most
    /// <paramref name="limit"/> of it; empty where there is no such folder. A folder may turn out to be empty.
    /// </summary>
    Task<IReadOnlyList<string>> ListAsync(string folder, string? after, int limit, CancellationToken cancellationToken);
}

/// <summary>What became of a put.</summary>
public enum ArchivePut
{
    /// <summary>Nothing was there; now these bytes are.</summary>
    Written,

    /// <summary>These very bytes were there.</summary>
    Same,

    /// <summary>Other bytes are there, and stay.</summary>
    Differs,
}

/// <summary>The grammar of an archive's names.</summary>
public static class ArchiveName
{
    public const int MaxLength = 512;

    public static bool IsName(string name)
    {
        if (name.Length is 0 or > MaxLength)
            return false;
        foreach (var part in name.AsSpan().Split('/'))
        {
            if (!IsPart(name.AsSpan(part)))
                return false;
        }

        return true;
    }

    public static void ThrowIfNotName(string name)
    {
        if (!IsName(name))
            throw new ArgumentException($"'{name}' is not an archive's name", nameof(name));
    }

    static bool IsPart(ReadOnlySpan<char> part)
    {
        if (part is "" or "." or "..")
            return false;
        foreach (var c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
                return false;
        }

        return true;
    }
}
