using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Tests.Tree;

/// <summary>The eight leaves that implementations of RFC 6962 test one another with.</summary>
public sealed class TreeVectorTests
{
    static readonly Digest[] Leaves = [.. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }
        .Select(hex => LedgerHash.Leaf(Convert.FromHexString(hex)))];

    static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    public static TheoryData<int, int, string[]> Inclusions => new()
    {
        { 0, 1, [] },
        { 0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"] },
        { 5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"] },
        { 2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"] },
        { 1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"] },
    };

    public static TheoryData<int, int, string[]> Consistencies => new()
    {
        { 1, 1, [] },
        { 1, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"] },
        { 6, 8, ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"] },
        { 2, 5, ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"] },
        { 3, 8, ["0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7", "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"] },
    };

    [Fact]
    public async Task Roots_are_those_of_the_vectors()
    {
        var frontier = new LeafTree();
        for (var size = 0; ; size++)
        {
            var tiles = MemoryTiles.Of(Leaves.AsSpan(0, size));
            Assert.Equal(Roots[size], frontier.Root().ToString());
            Assert.Equal(Roots[size], tiles.Tree.Root().ToString());
            Assert.Equal(Roots[size], (await TreeProof.RootAsync(tiles, size, default)).ToString());
            if (size == Leaves.Length)
                return;
            frontier.Push(Leaves[size]);
        }
    }

    [Theory]
    [MemberData(nameof(Inclusions))]
    public async Task Inclusion_paths_are_those_of_the_vectors(int index, int size, string[] path)
    {
        var made = await TreeProof.InclusionAsync(MemoryTiles.Of(Leaves.AsSpan(0, size)), index, size, default);

        Assert.Equal(path, made.Select(d => d.ToString()));
        Assert.True(TreeProof.IsIncluded(Leaves[index], index, size, [.. made], Root(size)));
    }

    [Theory]
    [MemberData(nameof(Consistencies))]
    public async Task Consistency_paths_are_those_of_the_vectors(int from, int to, string[] path)
    {
        var made = await TreeProof.ConsistencyAsync(MemoryTiles.Of(Leaves.AsSpan(0, to)), from, to, default);

        Assert.Equal(path, made.Select(d => d.ToString()));
        Assert.True(TreeProof.IsConsistent(from, Root(from), to, Root(to), [.. made]));
    }

    static Digest Root(int size) => Digest.TryParse(Roots[size], out var root) ? root : throw new FormatException();
}
