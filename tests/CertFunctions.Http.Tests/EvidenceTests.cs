using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Evidence;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Http.Tests;

/// <summary>R36: one file per certificate that a third party verifies with no network and nothing of ours but the log's key.</summary>
public sealed class EvidenceTests : HttpTest
{
    TrustPolicy Policy => new() { Origin = "example.com/log/acme", LogKeys = Service.LogKeys.Known("example.com/log/acme") };

    [Fact]
    public async Task A_bundle_holds_the_subjects_events_alone_and_verifies_under_the_logs_key()
    {
        var bundle = await BundleAsync(events: 5, others: 40);

        var report = Verify(bundle, Policy);

        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal((5, Guarantees.Signed, 45L), (report.Entries, report.Guarantees, report.CheckpointSize));
        Assert.Equal(("c1", 1L, 5L), (report.Evidence!.Address.Subject.Id, report.Evidence.FirstSeq, report.Evidence.LastSeq));
        Assert.DoesNotContain("\"other", Encoding.UTF8.GetString(bundle), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_is_NDJSON_that_nobody_keeps()
    {
        await BundleAsync(1);
        var answer = await Service.GetAsync("/projects/web/subjects/certificate/c1/evidence");
        Assert.Equal((200, "application/x-ndjson", "no-store"), (answer.Status, answer.MediaType, answer.Headers.CacheControl?.ToString()));
    }

    [Fact]
    public async Task Without_a_policy_it_is_valid_in_itself_and_guarantees_nothing()
    {
        var report = Verify(await BundleAsync(3), null);

        Assert.Equal((Verdict.Valid, Guarantees.None), (report.Verdict, report.Guarantees));
        Assert.Contains(report.NotChecked, u => u.What == "signed" && u.Why.Contains("bundle itself", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Under_another_key_it_is_unverifiable_and_never_tampered()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var report = Verify(await BundleAsync(3), Policy with { LogKeys = [VerifierKey.Of(Policy.Origin, other)] });
        Assert.Equal((Verdict.Unverifiable, Layer.Signature), (report.Verdict, report.FoundBy));
    }

    [Fact]
    public async Task Every_byte_of_it_counts()
    {
        var bundle = await BundleAsync(events: 2, others: 3);
        var policy = Policy;
        for (var at = 0; at < bundle.Length; at++)
        {
            var altered = (byte[])bundle.Clone();
            altered[at] ^= 1;
            var report = Verify(altered, policy);
            Assert.True(report.Verdict != Verdict.Valid && !string.IsNullOrEmpty(report.Detail), $"byte {at} may be altered");
        }
    }

    [Fact]
    public async Task Any_byte_set_to_anything_is_found()
    {
        var bundle = await BundleAsync(events: 4, others: 9);
        var policy = Policy;
        Prop.ForAll(ArbMap.Default.ArbFor<(ushort, byte)>(), ((ushort At, byte To) change) =>
        {
            var altered = (byte[])bundle.Clone();
            var at = change.At % bundle.Length;
            altered[at] = change.To;
            return bundle[at] == change.To || Verify(altered, policy).Verdict != Verdict.Valid;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public async Task An_event_that_is_dropped_is_named_by_its_seq()
    {
        var lines = Lines(await BundleAsync(events: 6, others: 2));
        for (var seq = 1; seq <= 6; seq++)
        {
            var report = Verify(Join(lines.Where((_, i) => i != seq + 1)), Policy);
            Assert.Equal((Verdict.Incomplete, $"the event with seq {seq} is missing"), (report.Verdict, report.Detail));
        }
    }

    [Fact]
    public async Task What_was_altered_is_named()
    {
        var lines = Lines(await BundleAsync(events: 3, others: 1));
        Names(lines, 2, "\"format\":\"pem\"", "\"format\":\"der\"", Layer.Bundle, "line 3");
        Names(lines, 3, "\"u-17\"", "\"u-18\"", Layer.Commitment, "personal part or salt of seq 2");
        Names(lines, 3, "\"salt\":\"", "\"salt\":\"0", Layer.Bundle, "line 4");
        Names(lines, 1, "example.com/log/acme\\n4\\n", "example.com/log/acme\\n5\\n", Layer.Bundle, "another log or size");
        Names(lines, 0, "\"id\":\"c1\"", "\"id\":\"c2\"", Layer.Bundle, "manifest's subject");
        Names(lines, 1, "\\ntime 2", "\\ntime 1", Layer.Signature, "signature");
        Names(lines, 5, "{\"sha256\":\"", "{\"sha256\":\"0", Layer.Bundle, "line 6");
    }

    [Fact]
    public async Task Lines_in_another_order_or_twice_or_one_too_many_are_found()
    {
        var lines = Lines(await BundleAsync(events: 4));
        Assert.Equal(Verdict.Incomplete, Verify(Join([.. lines[..3], lines[4], lines[3], .. lines[5..]]), Policy).Verdict);
        Assert.Equal(Verdict.Tampered, Verify(Join([.. lines[..4], lines[3], .. lines[4..]]), Policy).Verdict);
        Assert.Equal(Verdict.Tampered, Verify(Join([.. lines, lines[^1]]), Policy).Verdict);
        Assert.Equal(Verdict.Incomplete, Verify(Join(lines[..^1]), Policy).Verdict);
        Assert.Equal(Verdict.Incomplete, Verify(Join(lines)[..^20], Policy).Verdict);
        Assert.Equal(Verdict.Incomplete, Verify([], Policy).Verdict);
    }

    [Fact]
    public async Task It_may_come_in_pieces_of_any_length()
    {
        var bundle = await BundleAsync(events: 3);
        foreach (var piece in new[] { 1, 7, 100, 100_000 })
        {
            using var verify = new VerifyEvidence(Policy);
            foreach (var part in bundle.Chunk(piece))
                Assert.True(verify.Push(part));
            Assert.Equal(Verdict.Valid, verify.Complete().Verdict);
        }
    }

    [Fact]
    public async Task Events_newer_than_the_checkpoint_are_not_in_it_and_the_manifest_says_where_it_ends()
    {
        await BundleAsync(events: 3);
        await Service.PostAsync(Make.Json("c1", id: "later"));
        await Service.SettleAsync();

        var report = Verify((await Service.GetAsync("/projects/web/certificates/c1/evidence")).Body, Policy);

        Assert.Equal((Verdict.Valid, 3L), (report.Verdict, report.Evidence!.LastSeq));
    }

    [Fact]
    public async Task What_is_not_there_or_not_published_yet_is_told()
    {
        (await Service.GetAsync("/projects/web/certificates/c1/evidence")).IsProblem(404, "no-such-subject");
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        (await Service.GetAsync("/projects/web/certificates/c1/evidence")).IsProblem(404, "not-published");
        (await Service.GetAsync("/projects/web/subjects/Not-a-kind/c1/evidence")).IsProblem(400, "invalid-parameter", "kind");
        await BundleAsync(1);
        (await Service.GetAsync("/projects/web/certificates/c1/evidence", HttpService.GlobexKey)).IsProblem(404, "no-such-subject");
    }

    [Fact]
    public async Task Another_root_of_the_same_size_under_the_pinned_key_is_a_fork()
    {
        var bundle = await BundleAsync(events: 2);
        var other = new Checkpoint { Origin = Policy.Origin, Size = 2, Root = LedgerHash.Leaf("another"u8) };
        var signature = await Service.LogKeys.Signer(Policy.Origin).SignAsync(other.ToText(), default);
        var seen = new SeenCheckpoint("the policy's checkpoint", Layer.Pin, new SignedNote(other.ToText(), [signature]), other);

        Assert.Equal((Verdict.Forked, Layer.Pin), Verify(bundle, Policy with { Earlier = seen }) is var r ? (r.Verdict, r.FoundBy) : default);
    }

    [Fact]
    public async Task A_thousand_events_are_verified_in_under_a_second()
    {
        var bundle = await BundleAsync(events: 1000, others: 500);
        // Some tens of milliseconds; other tests share the processor, so the quickest of a few counts.
        var quickest = Enumerable.Range(0, 5).Min(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            Assert.Equal((Verdict.Valid, 1000L), Verify(bundle, Policy) is var r ? (r.Verdict, r.Entries) : default);
            return Stopwatch.GetElapsedTime(started);
        });
        Assert.InRange(quickest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    void Names(string[] lines, int line, string of, string to, Layer layer, string what)
    {
        var altered = (string[])lines.Clone();
        altered[line] = altered[line].Replace(of, to, StringComparison.Ordinal);
        Assert.NotEqual(lines[line], altered[line]);
        var report = Verify(Join(altered), Policy);
        Assert.Equal((Verdict.Tampered, layer), (report.Verdict, report.FoundBy));
        Assert.Contains(what, report.Detail, StringComparison.Ordinal);
    }

    static string[] Lines(byte[] bundle) => Encoding.UTF8.GetString(bundle).TrimEnd('\n').Split('\n');

    static byte[] Join(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));

    static VerifyReport Verify(byte[] bundle, TrustPolicy? policy)
    {
        using var verify = new VerifyEvidence(policy);
        verify.Push(bundle);
        return verify.Complete();
    }

    async Task<byte[]> BundleAsync(int events, int others = 0)
    {
        var lines = Enumerable.Range(1, events).Select(i => Make.Json("c1", id: $"e{i}")).Concat(Enumerable.Range(1, others).Select(i => Make.Json($"other{i % 9}", id: $"o{i}")));
        Assert.Contains((await Service.PostAsync(string.Join('\n', lines), contentType: "application/x-ndjson")).Status, new[] { 200, 201 });
        await Service.PublishAsync();
        var answer = await Service.GetAsync("/projects/web/certificates/c1/evidence");
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Body;
    }
}
