using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;

namespace CertFunctions.Testing;

/// <summary>A log as a witness sees it: a tree, a key, and checkpoints of any size of it. Two with different seeds of one key are two histories of one log.</summary>
public sealed class TestLog : ITileSource
{
    readonly List<Digest> leaves = [];
    readonly ECDsa key;

    public TestLog(string origin, int size, string seed = "leaf", ECDsa? key = null, int common = 0)
    {
        this.key = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Verifier = VerifierKey.Of(origin, this.key);
        for (var i = 0; i < size; i++)
            leaves.Add(LedgerHash.Leaf(Encoding.ASCII.GetBytes(i < common ? $"leaf {i}" : $"{seed} {i}")));
    }

    public VerifierKey Verifier { get; }

    public ECDsa Key => key;

    /// <summary>A history that shares the first <paramref name="common"/> leaves with this one, signed with the same key.</summary>
    public TestLog Fork(int common, int size) => new(Verifier.Name, size, "fork", key, common);

    public async Task<SignedNote> NoteAsync(long size, ECDsa? signedWith = null)
    {
        var text = new Checkpoint { Origin = Verifier.Name, Size = size, Root = await TreeProof.RootAsync(this, size, default) }.ToText();
        using var signer = new EcdsaLogKey(Copy(signedWith ?? key));
        return new SignedNote(text, [await signer.Named(Verifier.Name).SignAsync(text, default)]);
    }

    public Task<IReadOnlyList<Digest>> ProofAsync(long from, long to) => TreeProof.ConsistencyAsync(this, from, to, default);

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(TileId tile, CancellationToken cancellationToken)
    {
        var bytes = new byte[tile.Width * Digest.Length];
        for (var i = 0; i < tile.Width; i++)
        {
            var span = 1 << TileId.Height * tile.Level;
            var first = (int)(tile.Index * TileId.FullWidth + i) * span;
            if (first + span > leaves.Count)
                return null;
            Root(first, first + span).AsSpan().CopyTo(bytes.AsSpan(i * Digest.Length));
        }

        return await Task.FromResult<ReadOnlyMemory<byte>?>(bytes);
    }

    /// <summary>As RFC 6962, 2.1 says it, word for word.</summary>
    Digest Root(int start, int end)
    {
        if (end - start == 1)
            return leaves[start];
        var split = 1;
        while (2 * split < end - start)
            split *= 2;
        return TreeHash.Node(Root(start, start + split), Root(start + split, end));
    }

    static ECDsa Copy(ECDsa key) => ECDsa.Create(key.ExportParameters(true));
}
