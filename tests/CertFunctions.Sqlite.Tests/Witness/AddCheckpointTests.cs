using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Witness;
using CertFunctions.Testing;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Sqlite.Tests.Witness;

/// <summary>C2SP tlog-witness, add-checkpoint, on the witness's real memory: what is cosigned, what is refused and how, and that no fault makes it cosign a fork.</summary>
public sealed class AddCheckpointTests : IDisposable
{
    readonly TempFolder folder = new();
    readonly SqliteWitnessState state;
    readonly ManualClock clock = ManualClock.Default;
    readonly WitnessKey key = new("example.org/witness", ECDsa.Create(ECCurve.NamedCurves.nistP256));
    readonly TestLog log = new("example.com/log", 300);
    readonly AddCheckpoint witness;

    public AddCheckpointTests()
    {
        state = SqliteWitnessState.Open(folder.File("witness.db"));
        witness = new AddCheckpoint(key, [log.Verifier], state, clock);
    }

    [Fact]
    public async Task Checkpoints_that_continue_each_other_are_cosigned_and_the_cosignature_verifies_with_the_vkey_alone()
    {
        long last = 0;
        foreach (var size in new long[] { 0, 1, 2, 7, 8, 8, 200, 256, 300 })
        {
            var signature = await CosignedAsync(log, last, size);
            var note = (await log.NoteAsync(size)).With(signature);
            Assert.True(VerifierKey.TryParse(witness.Verifier.ToString(), out var vkey, out _));
            Assert.Equal([vkey], note.Check(vkey).Good);
            Assert.True(Cosignature.TryRead(signature.Value, out var cosignature));
            Assert.Equal(clock.GetUtcNow(), cosignature!.Time);
            last = size;
            clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task The_cosignature_is_over_the_time_and_the_checkpoint_and_nothing_else_fits_it()
    {
        var signature = await CosignedAsync(log, 0, 5);
        var text = (await log.NoteAsync(5)).Text;
        Assert.Equal(SignatureCheck.Right, key.Verifier.Check(text.Span, signature.Value.Span));
        for (var bit = 0; bit < 8 * signature.Value.Length; bit++)
        {
            var flipped = signature.Value.ToArray();
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.Equal(SignatureCheck.Wrong, key.Verifier.Check(text.Span, flipped));
        }

        Assert.Equal(SignatureCheck.Wrong, key.Verifier.Check((await log.NoteAsync(6)).Text.Span, signature.Value.Span));
    }

    [Fact]
    public async Task An_old_size_that_is_not_the_last_one_is_told_the_last_one()
    {
        await CosignedAsync(log, 0, 10);
        Assert.Equal(new AddCheckpointOutcome.Conflict(10), await AskAsync(log, 0, 20));
        Assert.Equal(new AddCheckpointOutcome.Conflict(10), await AskAsync(log, 9, 20));
        Assert.Equal(new AddCheckpointOutcome.Conflict(10), await AskAsync(log, 11, 20));
        Assert.Equal(new AddCheckpointOutcome.Conflict(10), await AskAsync(log, 3, 5));
        await CosignedAsync(log, 10, 20);
    }

    [Fact]
    public async Task A_history_that_forks_is_not_cosigned_at_any_size()
    {
        await CosignedAsync(log, 0, 100);
        var fork = log.Fork(99, 300);
        foreach (var size in new long[] { 100, 101, 128, 300 })
            Assert.IsType<AddCheckpointOutcome.BadProof>(await AskAsync(fork, 100, size));
        // With the honest proof under the forked root, and the other way round.
        Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(100, await log.ProofAsync(100, 200), await fork.NoteAsync(200)).ToBytes(), default));
        Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(100, await fork.ProofAsync(100, 200), await log.NoteAsync(200)).ToBytes(), default));
        await CosignedAsync(log, 100, 300);
    }

    [Fact]
    public async Task A_proof_where_none_belongs_and_every_flipped_bit_of_one_that_does_are_refused()
    {
        var proof = await log.ProofAsync(7, 13);
        Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(0, proof, await log.NoteAsync(7)).ToBytes(), default));
        await CosignedAsync(log, 0, 7);
        Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(7, proof, await log.NoteAsync(7)).ToBytes(), default));
        for (var bit = 0; bit < 8 * Digest.Length * proof.Count; bit++)
        {
            var hashes = proof.ToArray();
            hashes[bit / 256].Bytes[bit / 8 % 32] ^= (byte)(1 << bit % 8);
            Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(7, hashes, await log.NoteAsync(13)).ToBytes(), default));
        }
    }

    [Fact]
    public async Task An_empty_log_has_the_empty_root()
    {
        var text = new Checkpoint { Origin = log.Verifier.Name, Size = 0, Root = new Digest(new byte[32]) }.ToText();
        using var signer = new EcdsaLogKey(ECDsa.Create(log.Key.ExportParameters(true)));
        var note = new SignedNote(text, [await signer.Named(log.Verifier.Name).SignAsync(text, default)]);
        Assert.IsType<AddCheckpointOutcome.BadProof>(await witness.HandleAsync(new AddCheckpointRequest(0, [], note).ToBytes(), default));
        await CosignedAsync(log, 0, 0);
    }

    [Fact]
    public async Task Who_signed_decides()
    {
        Assert.IsType<AddCheckpointOutcome.UnknownOrigin>(await AskAsync(new TestLog("example.com/other", 5), 0, 5));
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The log's name over another key is no signature of the log's.
        Assert.IsType<AddCheckpointOutcome.BadSignature>(await AskAsync(new TestLog(log.Verifier.Name, 5, key: stranger), 0, 5));
        var right = await log.NoteAsync(5);
        var wrong = new SignedNote((await log.NoteAsync(6)).Text, right.Signatures);
        Assert.IsType<AddCheckpointOutcome.BadSignature>(await witness.HandleAsync(new AddCheckpointRequest(0, [], wrong).ToBytes(), default));
        // A right signature beside a wrong one of the same key makes a malformed note.
        Assert.IsType<AddCheckpointOutcome.BadSignature>(await witness.HandleAsync(new AddCheckpointRequest(0, [], right.With((await log.NoteAsync(6)).Signatures)).ToBytes(), default));
        Assert.IsType<AddCheckpointOutcome.BadSignature>(await witness.HandleAsync(new AddCheckpointRequest(7, [], wrong).ToBytes(), default));
    }

    [Fact]
    public async Task A_log_that_rotated_its_key_is_known_under_both()
    {
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var later = new TestLog(log.Verifier.Name, 300, key: second);
        var both = new AddCheckpoint(key, [log.Verifier, later.Verifier], state, clock);
        Assert.IsType<AddCheckpointOutcome.Cosigned>(await both.HandleAsync(new AddCheckpointRequest(0, [], await log.NoteAsync(5)).ToBytes(), default));
        Assert.IsType<AddCheckpointOutcome.Cosigned>(await both.HandleAsync(new AddCheckpointRequest(5, await log.ProofAsync(5, 9), await later.NoteAsync(9)).ToBytes(), default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("old 0")]
    [InlineData("old 00\n\n")]
    [InlineData("old -1\n\n")]
    [InlineData("old 99999999999999999999\n\n")]
    [InlineData("old  0\n\n")]
    [InlineData("new 0\n\n")]
    [InlineData("old 0\nAAAA\n\n")]
    [InlineData("old 0\n\n")]
    [InlineData("old 0\n\nexample.com/log\n5\n\n")]
    [InlineData("old 0\n\nexample.com/log\n05\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 example.com/log AAAAAAAA\n")]
    public async Task What_is_no_request_is_malformed(string body) =>
        Assert.IsType<AddCheckpointOutcome.Malformed>(await witness.HandleAsync(Encoding.UTF8.GetBytes(body), default));

    [Fact]
    public async Task More_lines_of_proof_than_the_protocol_has_are_malformed_and_so_is_an_old_size_past_the_checkpoints()
    {
        var note = await log.NoteAsync(5);
        Assert.IsType<AddCheckpointOutcome.Malformed>(await witness.HandleAsync(new AddCheckpointRequest(0, new Digest[64], note).ToBytes(), default));
        Assert.IsType<AddCheckpointOutcome.Malformed>(await witness.HandleAsync(new AddCheckpointRequest(6, [], note).ToBytes(), default));
    }

    [Fact]
    public async Task Requests_round_trip()
    {
        var request = new AddCheckpointRequest(7, await log.ProofAsync(7, 200), await log.NoteAsync(200));
        Assert.True(AddCheckpointRequest.TryParse(request.ToBytes(), out var read, out _));
        Assert.Equal(request.ToBytes(), read.ToBytes());
        Assert.Equal(7, read.OldSize);
        Assert.Equal(request.Proof, read.Proof);
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task A_write_that_fails_lets_no_cosignature_out_and_no_fork_in(Fault fault)
    {
        await CosignedAsync(log, 0, 10);
        var faulty = new AddCheckpoint(key, [log.Verifier], new FaultyState(state, new FaultPlan(1, fault)), clock);
        await Assert.ThrowsAsync<InjectedFaultException>(async () => await faulty.HandleAsync(new AddCheckpointRequest(10, await log.ProofAsync(10, 20), await log.NoteAsync(20)).ToBytes(), default));

        // The log asks again, from where the witness says it is.
        var stands = (await AskAsync(log, 0, 20)) is AddCheckpointOutcome.Conflict conflict ? conflict.Size : -1;
        Assert.Equal(fault == Fault.Refused ? 10 : 20, stands);
        var fork = log.Fork(10, 300);
        if (fault == Fault.LandedButReportedFailed)
            Assert.IsType<AddCheckpointOutcome.BadProof>(await AskAsync(fork, 20, 20));
        await CosignedAsync(log, stands, 20);
        Assert.IsType<AddCheckpointOutcome.BadProof>(await AskAsync(fork, 20, 30));
    }

    [Fact]
    public async Task Of_two_histories_at_once_one_is_cosigned_whichever_comes_first()
    {
        for (var round = 0; round < 30; round++)
        {
            using var own = SqliteWitnessState.Open(folder.File($"round-{round}.db"));
            using var other = SqliteWitnessState.Open(folder.File($"round-{round}.db"));
            var witnesses = new[] { own, other }.Select(s => new AddCheckpoint(key, [log.Verifier], s, clock)).ToArray();
            var fork = log.Fork(0, 20);
            var requests = new[] { new AddCheckpointRequest(0, [], await log.NoteAsync(20)).ToBytes(), new AddCheckpointRequest(0, [], await fork.NoteAsync(20)).ToBytes() };
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => witnesses[i / 2 % 2].HandleAsync(requests[i % 2], default))));

            Assert.Single(outcomes, o => o is AddCheckpointOutcome.Cosigned);
            Assert.All(outcomes, o => Assert.True(o is AddCheckpointOutcome.Cosigned or AddCheckpointOutcome.Conflict { Size: 20 }));
        }
    }

    [Fact]
    public async Task What_is_kept_for_monitors_has_the_logs_signature_and_the_witnesss_and_no_other()
    {
        var note = (await log.NoteAsync(5)).With(new NoteSignature("someone", 7, new byte[] { 1, 2, 3 }));
        await witness.HandleAsync(new AddCheckpointRequest(0, [], note).ToBytes(), default);
        var kept = await witness.FindAsync(log.Verifier.Name, default);
        Assert.True(SignedNote.TryParse(kept!.Value.Span, out var read, out _));
        Assert.Equal([log.Verifier, key.Verifier], read.Check(log.Verifier, key.Verifier).Good);
        Assert.Equal(2, read.Signatures.Count);
        Assert.Null(await witness.FindAsync("example.com/other", default));
    }

    public void Dispose()
    {
        state.Dispose();
        key.Dispose();
        folder.Dispose();
    }

    async Task<AddCheckpointOutcome> AskAsync(TestLog from, long old, long size) =>
        await witness.HandleAsync(new AddCheckpointRequest(old, old <= size ? await from.ProofAsync(old, size) : [], await from.NoteAsync(size)).ToBytes(), default);

    async Task<NoteSignature> CosignedAsync(TestLog from, long old, long size) => Assert.IsType<AddCheckpointOutcome.Cosigned>(await AskAsync(from, old, size)).Signature;

    sealed class FaultyState(IWitnessState inner, FaultPlan plan) : IWitnessState
    {
        public Task<WitnessedCheckpoint?> FindAsync(string origin, CancellationToken cancellationToken) => inner.FindAsync(origin, cancellationToken);

        public Task<bool> AdvanceAsync(string origin, WitnessedCheckpoint? expected, WitnessedCheckpoint next, CancellationToken cancellationToken) =>
            plan.RunAsync("advance", () => inner.AdvanceAsync(origin, expected, next, cancellationToken));
    }
}
