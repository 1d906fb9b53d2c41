using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R32: what is published can be fetched, and proves what it is said to prove, to someone who has the log's key and no more.</summary>
public sealed class PublishedTests : HttpTest
{
    [Fact]
    public async Task Before_anything_is_published_there_is_no_checkpoint_and_the_answer_says_when()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        await Service.SettleAsync();

        foreach (var path in new[] { "/ledger/checkpoint", "/ledger/consistency?from=0", "/projects/web/certificates/c1/events/e1/proof" })
            Assert.Equal("60", (await Service.GetAsync(path)).IsProblem(404, "not-published").Headers.RetryAfter?.ToString());
    }

    [Fact]
    public async Task The_checkpoint_is_a_note_signed_by_the_logs_key_under_the_ledgers_name()
    {
        await FillAsync(5);

        var answer = await Service.GetAsync("/ledger/checkpoint");

        Assert.Equal((200, "text/plain"), (answer.Status, answer.MediaType));
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.CacheControl?.MaxAge);
        var checkpoint = Checked(answer.Body);
        Assert.Equal(("example.com/log/acme", 5), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal((await Service.GetAsync("/ledger/head")).Json.GetProperty("hash").GetString(), checkpoint.Chain.ToString());
    }

    [Fact]
    public async Task Tiles_and_bundles_are_served_where_tlog_tiles_has_them_and_may_be_kept_for_ever()
    {
        await FillAsync(300);
        var checkpoint = Checked((await Service.GetAsync("/ledger/checkpoint")).Body);
        var tree = new LeafTree();

        foreach (var (path, hashes) in new[] { ("entries/000", "0/000"), ("entries/001.p/44", "0/001.p/44") })
        {
            var bundle = await Service.GetAsync($"/ledger/tile/{path}");
            var tile = await Service.GetAsync($"/ledger/tile/{hashes}");
            Assert.All([bundle, tile], a =>
            {
                Assert.Equal((200, "application/octet-stream"), (a.Status, a.MediaType));
                Assert.Equal("private, max-age=31536000, immutable", a.Headers.GetValues("Cache-Control").Single().Replace("max-age=31536000, private", "private, max-age=31536000", StringComparison.Ordinal));
            });
            var at = 0;
            for (ReadOnlySpan<byte> rest = bundle.Body; EntryBundle.TryTake(ref rest, out var leaf); at++)
            {
                var leafHash = LedgerHash.Leaf(leaf);
                Assert.Equal(new Digest(tile.Body.AsSpan(at * Digest.Length)), leafHash);
                tree.Push(leafHash);
            }

            Assert.Equal(tile.Body.Length, at * Digest.Length);
        }

        Assert.Equal(checkpoint.Root, tree.Root());
        Assert.Equal(32, (await Service.GetAsync("/ledger/tile/1/000.p/1")).Body.Length);
    }

    [Theory]
    [InlineData("0/001")]
    [InlineData("0/000.p/7")]
    [InlineData("0/0")]
    [InlineData("9/000")]
    [InlineData("entries/")]
    [InlineData("..%2f..%2fglobex/tile/0/000.p/1")]
    [InlineData("0/000.p/3%2f..")]
    [InlineData("%7enew/1")]
    public async Task A_tile_the_tree_has_not_is_404(string path)
    {
        await FillAsync(3);

        (await Service.GetAsync($"/ledger/tile/{path}")).IsProblem(404, "no-such-tile");
    }

    [Fact]
    public async Task Each_event_is_proven_with_what_the_answer_holds_and_nothing_else()
    {
        await FillAsync(30);
        for (var n = 0; n < 30; n++)
        {
            var proof = (await Service.GetAsync($"/projects/web/{(n % 2 == 0 ? "certificates" : "subjects/certificate")}/c{n % 3}/events/e{n}/proof")).Json;

            var checkpoint = Checked(System.Text.Encoding.UTF8.GetBytes(proof.GetProperty("checkpoint").GetString()!));
            var index = proof.GetProperty("index").GetInt64();
            var line = (await Service.GetAsync($"/ledger/entries?start={index}&limit=1")).Body;
            Assert.True(LedgerLine.TryRead(line.AsSpan(0, line.Length - 1), out var parsed));
            Assert.True(LeafHeader.TryRead(parsed.ToRow().Leaf, out var header));
            Assert.Equal($"e{n}", header.Id.Value);
            Assert.Equal(LedgerHash.Leaf(parsed.ToRow().Leaf).ToString(), proof.GetProperty("leaf_hash").GetString());
            Assert.Equal(checkpoint.Size, proof.GetProperty("size").GetInt64());
            Assert.True(TreeProof.IsIncluded(Hash(proof.GetProperty("leaf_hash")), index, checkpoint.Size, Path(proof), checkpoint.Root));
        }
    }

    [Fact]
    public async Task An_event_that_waits_for_its_checkpoint_is_told_from_one_that_is_not_there()
    {
        await FillAsync(3);
        await Service.PostAsync(Make.Json("c1", id: "waiting"));

        (await Service.GetAsync("/projects/web/certificates/c1/events/waiting/proof")).IsProblem(404, "not-published");
        await Service.SettleAsync();
        (await Service.GetAsync("/projects/web/certificates/c1/events/waiting/proof")).IsProblem(404, "not-published");
        (await Service.GetAsync("/projects/web/certificates/c1/events/nothing/proof")).IsProblem(404, "no-such-event");
        (await Service.GetAsync("/projects/web/certificates/c2/events/waiting/proof")).IsProblem(404, "no-such-event");
        (await Service.GetAsync("/projects/web/certificates/c1/events/not%20an%20id/proof")).IsProblem(404, "no-such-event");
        await Service.PublishAsync();
        Assert.Equal(200, (await Service.GetAsync("/projects/web/certificates/c1/events/waiting/proof")).Status);
    }

    [Fact]
    public async Task Another_orgs_ledger_is_not_there_and_another_project_is_forbidden()
    {
        await FillAsync(3);

        (await Service.GetAsync("/ledger/checkpoint", HttpService.GlobexKey)).IsProblem(404, "not-published");
        (await Service.GetAsync("/ledger/tile/0/000.p/3", HttpService.GlobexKey)).IsProblem(404, "no-such-tile");
        (await Service.GetAsync("/projects/web/certificates/c0/events/e0/proof", HttpService.GlobexKey)).IsProblem(404, "no-such-event");
        (await Service.GetAsync("/projects/else/certificates/c0/events/e0/proof", HttpService.WebOnlyKey)).IsProblem(403, "forbidden");
    }

    [Fact]
    public async Task Each_checkpoint_is_shown_to_go_on_from_each_before_it()
    {
        var checkpoints = new List<Checkpoint>();
        for (var round = 0; round < 4; round++)
        {
            await FillAsync(7, round * 7);
            checkpoints.Add(Checked((await Service.GetAsync("/ledger/checkpoint")).Body));
        }

        foreach (var earlier in checkpoints)
        {
            foreach (var later in checkpoints.Where(c => c.Size >= earlier.Size))
            {
                var proof = (await Service.GetAsync($"/ledger/consistency?from={earlier.Size}&to={later.Size}")).Json;
                Assert.True(TreeProof.IsConsistent(earlier.Size, earlier.Root, later.Size, later.Root, Path(proof)));
            }
        }

        var newest = (await Service.GetAsync("/ledger/consistency?from=7")).Json;
        Assert.Equal(28, newest.GetProperty("to").GetInt64());
    }

    [Theory]
    [InlineData("", "from")]
    [InlineData("?to=1", "from")]
    [InlineData("?from=-1", "from")]
    [InlineData("?from=x", "from")]
    [InlineData("?from=4", "from")]
    [InlineData("?from=1&to=4", "to")]
    [InlineData("?from=2&to=1", "from")]
    [InlineData("?from=1&size=2", "size")]
    public async Task A_wrong_parameter_is_named(string query, string field)
    {
        await FillAsync(3);

        (await Service.GetAsync($"/ledger/consistency{query}")).IsProblem(400, "invalid-parameter", field);
    }

    [Fact]
    public async Task A_proof_that_does_not_hold_is_not_given_out()
    {
        await FillAsync(3);
        var tiles = new ArchiveTiles(Service.Archive, Make.Org, 3);
        var altered = (await tiles.ReadAsync(new TileId(0, 0, 3), default))!.Value.ToArray();
        altered[40] ^= 1;
        await Service.ReplaceInArchiveAsync(ArchiveLayout.Tile(Make.Org, new TileId(0, 0, 3)), altered);

        (await Service.GetAsync("/projects/web/certificates/c0/events/e0/proof")).IsProblem(500, "internal");
        Assert.Contains("do not give the root", Assert.Single(Service.Log.Faults), StringComparison.Ordinal);
        Service.Log.Clear();
    }

    /// <summary>Events e<em>n</em> on the certificates c0, c1 and c2 in turn, published.</summary>
    async Task FillAsync(int count, int from = 0)
    {
        for (var n = from; n < from + count; n += 100)
        {
            var events = Enumerable.Range(n, Math.Min(100, from + count - n)).Select(i => Make.Json($"c{i % 3}", id: $"e{i}"));
            Assert.Equal(201, (await Service.PostAsync($"[{string.Join(',', events)}]")).Status);
        }

        await Service.PublishAsync();
    }

    Checkpoint Checked(byte[] bytes)
    {
        Assert.True(SignedNote.TryParse(bytes, out var note, out var why), why);
        Assert.False(note.Check(Service.LogKeys.Known(HttpService.LogName.Origin(Make.Org))).IsRefused);
        Assert.True(Checkpoint.TryParse(note.Text.Span, out var checkpoint, out why), why);
        return checkpoint;
    }

    static Digest[] Path(JsonElement proof) => [.. proof.GetProperty("path").EnumerateArray().Select(Hash)];

    static Digest Hash(JsonElement hex) => Digest.TryParse(hex.GetString(), out var hash) ? hash : throw new FormatException();
}
