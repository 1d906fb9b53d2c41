using System.Buffers;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Tests.Formats;

public sealed class ChainVectorTests
{
    public static TheoryData<string> Names => GoldenVectors.Names("chain");

    static Dictionary<string, byte[]> Keys(JsonElement vector) => vector.GetProperty("keys").EnumerateObject().ToDictionary(k => k.Name, k => Convert.FromHexString(k.Value.GetString()!));

    [Theory]
    [MemberData(nameof(Names))]
    public void Genesis_hashes_MACs_and_lines_are_as_the_page_says(string name)
    {
        var vector = GoldenVectors.Get("chain", name);
        var keys = Keys(vector);
        var ledger = OrgId.Parse(vector.Text("ledger"));
        var previous = LedgerHash.Genesis(ledger);
        Assert.Equal(vector.Text("genesis"), previous.ToString());

        foreach (var (index, stated) in vector.GetProperty("entries").EnumerateArray().Index())
        {
            var leaf = Encoding.UTF8.GetBytes(stated.Text("leaf"));
            Assert.True(LeafHeader.TryRead(leaf, out var header));
            var kept = stated.TryGetProperty("personal", out var personal);
            var recorded = new RecordedEvent
            {
                Address = header.Address,
                Id = header.Id,
                Seq = header.Seq,
                Leaf = leaf,
                Personal = kept ? Encoding.UTF8.GetBytes(personal.GetString()!) : default,
                Salt = kept ? stated.Bytes("salt") : default,
            };
            var leafHash = LedgerHash.Leaf(leaf);
            var hash = LedgerHash.Entry(index, previous, leafHash);
            var mac = new LedgerKeys(stated.Text("key_id"), keys).Mac(hash);
            var line = new ArrayBufferWriter<byte>();
            LedgerLine.Write(new ChainedEvent { Index = index, PreviousHash = previous, LeafHash = leafHash, Hash = hash, Mac = mac, KeyId = stated.Text("key_id"), Event = recorded }, line);

            Assert.Equal((stated.Text("leaf_hash"), stated.Text("previous_hash"), stated.Text("hash"), stated.Text("mac")), (leafHash.ToString(), previous.ToString(), hash.ToString(), mac.ToString()));
            Assert.Equal(vector.GetProperty("lines")[index].GetString() + "\n", Encoding.UTF8.GetString(line.WrittenSpan));
            previous = hash;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_lines_verify(string name)
    {
        var vector = GoldenVectors.Get("chain", name);
        var keys = Keys(vector);
        using var verifier = new LedgerVerifier(OrgId.Parse(vector.Text("ledger")), new LedgerKeys(keys.Keys.First(), keys));
        foreach (var text in vector.GetProperty("lines").EnumerateArray())
        {
            Assert.True(LedgerLine.TryRead(Encoding.UTF8.GetBytes(text.GetString()!), out var line));
            Assert.Equal(vector.Text("ledger"), line.LedgerId.Value);
            Assert.True(verifier.Push(line.ToRow()));
        }

        var report = verifier.Complete(null);
        Assert.Equal((Verdict.Valid, (long)vector.GetProperty("lines").GetArrayLength()), (report.Verdict, report.Entries));
        Assert.Equal(vector.Text("verdict"), report.Verdict.ToString().ToLowerInvariant());
    }
}
