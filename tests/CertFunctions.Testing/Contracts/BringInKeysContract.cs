using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>
/// R35: a service that is given one more key brings it in by itself, whatever write goes wrong on the way and however many of its processes are at it; and a start
/// with keys that cannot be right is told so. Two ledgers, on every store.
/// </summary>
public abstract partial class BringInKeysContract : StoreContract, IDisposable
{
    /// <summary>More rounds than any scenario takes; past it, it does not come to its end.</summary>
    const int Rounds = 12;

    static readonly LogName Log = LogName.Parse("log.example/certfn");

    readonly List<EcdsaLogKey> keys = [];
    readonly MemoryArchive archive = new();
    readonly ManualClock clock = ManualClock.Default;
    readonly SeededRandom random = new();
    OrgId[] orgs = [Make.Org, OrgId.Parse("globex")];
    int recorded;

    /// <summary>From one write that goes wrong to the next that does: 1 for every one there is.</summary>
    protected virtual int Stride => 1;

    [Fact]
    public async Task A_newer_signing_key_comes_into_force_in_every_ledger_and_checkpoints_go_on_meanwhile()
    {
        await RoundAsync(await StartAsync(keys: 1));
        var process = await StartAsync(keys: 2);
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(Verifier(round < 2 ? 0 : 1), process.Log.Signer(Log.Origin(Make.Org)).Verifier);
            await RoundAsync(process);
        }

        // An event each round, and the rotation: told in the second round, chained in the third.
        Assert.Equal([(1, 0), (2, 0), (4, 1), (5, 1)], await CheckpointsAsync(Make.Org));
        await AssertWholeAsync(newest: 1);
        Assert.Equal($"{Name(0)} {Name(1)}", await Store.Positions.GetAsync(KeysOnRecord.Signing, default));
        // The next one may do without the first.
        await RoundAsync(new Process(this, Held(1..2), Macs(1), new FaultPlan()));
    }

    [Fact]
    public async Task A_newer_MAC_key_waits_for_its_entry_in_each_ledger()
    {
        await RoundAsync(await StartAsync(keys: 1));
        var process = await StartAsync(keys: 1, macs: 2);
        for (var round = 0; round < 3; round++)
            await RoundAsync(process);

        foreach (var org in orgs)
            Assert.Equal(["k-1", "k-1", "k-1", "k-1", "k-2"], (await EntriesAsync(org)).Select(e => e.KeyId));
        await AssertWholeAsync(newest: 0, macs: 2);
    }

    [Fact]
    public async Task Of_several_at_once_one_comes_in_after_the_other()
    {
        await RoundAsync(await StartAsync(keys: 1));
        await UntilAsync(await StartAsync(keys: 3, macs: 2), newest: 2, macs: 2);

        await AssertWholeAsync(newest: 2, macs: 2);
        foreach (var org in orgs)
            Assert.Equal(["signing", "hmac", "signing"], (await EntriesAsync(org)).Select(e => KeyRotation.TryRead(e.Event.Leaf.Span)).Where(r => r is not null).Select(r => KeyRotation.Wire(r!.Value.Rotation.Kind)));
    }

    [Fact]
    public async Task Processes_of_before_and_after_run_side_by_side_and_the_old_one_ends_with_what_is_to_be_done()
    {
        var before = await StartAsync(keys: 1);
        await RoundAsync(before);
        Process[] after = [await StartAsync(keys: 2), await StartAsync(keys: 2)];
        // The old one chains and publishes on, until the entry is there.
        await RoundAsync(after[0]);
        await after[1].PublishAsync();
        await before.ChainAsync();
        var refused = await Assert.ThrowsAsync<AggregateException>(before.PublishAsync);
        await RoundAsync(after[1]);
        await RoundAsync(after[0]);

        Assert.Equal(orgs.Length, refused.InnerExceptions.Count);
        Assert.Contains($"are signed with the key {Verifier(1).KeyId:x8} since entry", refused.InnerExceptions[0].Message, StringComparison.Ordinal);
        await AssertWholeAsync(newest: 1);
        Assert.All(after, p => Assert.Equal(Verifier(1), p.Log.Signer(Log.Origin(Make.Org)).Verifier));
        // Nor does it start again.
        Assert.Contains("gave way", await new KeysOnRecord(Store.Positions).CheckAsync(Held(0..1), Macs(1), default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_that_an_old_process_began_too_late_is_told_as_well()
    {
        var before = await StartAsync(keys: 1);
        await RoundAsync(before);
        var after = await StartAsync(keys: 2);
        await UntilAsync(after, newest: 1);
        await RecordAsync(OrgId.Parse("late"));
        await before.ChainAsync();
        // It has what the others have no more: it may publish this one.
        await Assert.ThrowsAsync<AggregateException>(before.PublishAsync);

        for (var round = 0; round < 3; round++)
            await RoundAsync(after);

        Assert.Equal([(1, 0), (1, 0), (2, 1), (2, 1)], await CheckpointsAsync(OrgId.Parse("late")));
        await AssertWholeAsync(newest: 1);
    }

    [Fact]
    public async Task Of_two_logs_over_one_store_each_is_told_of_its_own()
    {
        var other = LogName.Parse("other.example/certfn");
        var theirs = new MemoryArchive();
        Process Other(int keys) => new(this, Held(0..keys), Macs(1), new FaultPlan(), other, theirs);
        await RoundAsync(await StartAsync(keys: 1));
        await Other(1).PublishAsync();
        await UntilAsync(await StartAsync(keys: 2), newest: 1);
        // Another service with the same keys, and an archive and a name of its own.
        var second = Other(2);
        Assert.Null(await second.Record.CheckAsync(second.Log, second.Macs, default));
        for (var round = 0; round < 3; round++)
            await RoundAsync(second);

        foreach (var (name, archived) in new[] { (Log, archive), (other, theirs) })
        {
            VerifierKey Of(int key) => Held(key..(key + 1)).Signer(name.Origin(Make.Org)).Verifier;
            var report = await new VerifyArchive(archived, new TrustPolicy { Origin = name.Origin(Make.Org), Ledger = Make.Org, LogKeys = [Of(0)] }).RunAsync(Make.Org);
            Assert.Equal((Verdict.Valid, Of(1).ToString()), (report.Verdict, report.LogKey));
        }
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whatever_write_goes_wrong_and_the_process_with_it_the_next_one_brings_both_keys_in_once(Fault fault)
    {
        orgs = [Make.Org];
        await RoundAsync(await StartAsync(keys: 1));
        var rotations = 0;
        for (var failing = 1; ; failing += Stride)
        {
            var plan = new FaultPlan(failing, fault);
            try
            {
                await UntilAsync(await StartAsync(rotations + 2, rotations + 2, plan), rotations + 1, rotations + 2);
            }
            catch (Exception e) when (e is InjectedFaultException or AggregateException)
            {
                Assert.NotNull(plan.Failed);
            }

            await UntilAsync(await StartAsync(rotations + 2, rotations + 2), rotations + 1, rotations + 2);
            rotations++;
            if (plan.Failed is null)
                break;
        }

        Assert.InRange(rotations, 5, 100);
        await AssertWholeAsync(rotations, rotations + 1);
        Assert.Equal(2 * rotations, (await EntriesAsync(Make.Org)).Count(e => KeyRotation.TryRead(e.Event.Leaf.Span) is not null));
    }

    [Fact]
    public async Task Signing_keys_that_cannot_be_right_are_told_at_the_start_with_what_to_do()
    {
        var both = Held(0..2);
        await new KeysOnRecord(Store.Positions).AdvanceAsync(Held(0..1), keys[0], default);
        Assert.Null(await CheckAsync(both, Macs(1)));
        Assert.Equal(Verifier(0), both.Signer(Log.Origin(Make.Org)).Verifier);
        await new KeysOnRecord(Store.Positions).AdvanceAsync(Held(0..1), keys[1], default);
        await new KeysOnRecord(Store.Positions).AdvanceAsync(Held(0..1), keys[1], default);

        Assert.Null(await CheckAsync(both, Macs(1)));
        Assert.Equal(Verifier(1), both.Signer(Log.Origin(Make.Org)).Verifier);
        Assert.Null(await CheckAsync(new LogKeys(keys[1], Verifier(0)), Macs(1)));
        Assert.Contains($"The signing key {Name(0)[..8]} gave way: the log is signed with {Name(1)[..8]}", await CheckAsync(Held(0..1), Macs(1)), StringComparison.Ordinal);
        Assert.Contains($"signed with the key {Name(1)[..8]}, which this service does not have: it comes with {Name(2)[..8]}", await CheckAsync(Held(2..3), Macs(1)), StringComparison.Ordinal);
        Assert.Contains($"{Name(0)[..8]} gave way to {Name(1)[..8]}, and none comes back", await CheckAsync(new LogKeys([keys[1], keys[0]], []), Macs(1)), StringComparison.Ordinal);
        Assert.Null(await CheckAsync(Held(0..3), Macs(1)));
        Assert.Contains($"{Name(2)[..8]} was never in force and is named before {Name(1)[..8]}", await CheckAsync(new LogKeys([keys[2], keys[1]], []), Macs(1)), StringComparison.Ordinal);
        Assert.Contains($"only the public half of it", await CheckAsync(new LogKeys(keys[2], Verifier(0), Verifier(1)), Macs(1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MAC_keys_that_cannot_be_right_are_told_at_the_start_with_what_to_do()
    {
        Assert.Null(await CheckAsync(Held(0..1), Macs(1)));
        Assert.Contains("is kept under the MAC key 'k-1', and this service does not have it", await CheckAsync(Held(0..1), Macs(2, from: 2)), StringComparison.Ordinal);
        // Until every ledger has the newer one, the older one must be there, and may be gone back to.
        Assert.Null(await CheckAsync(Held(0..1), Macs(2)));
        Assert.Contains("is kept under the MAC key 'k-1'", await CheckAsync(Held(0..1), Macs(2, from: 2)), StringComparison.Ordinal);
        Assert.Null(await CheckAsync(Held(0..1), Macs(1)));
        await new KeysOnRecord(Store.Positions).AdvanceAsync(Macs(2), "k-2", default);
        Assert.Null(await CheckAsync(Held(0..1), Macs(2, from: 2)));
        Assert.Contains("'k-1' gave way to 'k-2', and none comes back", await CheckAsync(Held(0..1), Macs(1)), StringComparison.Ordinal);
        Assert.Null(await CheckAsync(Held(0..1), Macs(3, from: 2)));
        Assert.Equal("k-1 k-2", await Store.Positions.GetAsync(KeysOnRecord.Macs, default));
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("  k-1   k-2 ")]
    public async Task Blanks_in_a_note_stop_no_start(string note)
    {
        await Store.Positions.SaveAsync(KeysOnRecord.Macs, note, default);
        await Store.Positions.SaveAsync(KeysOnRecord.Signing, note.Replace("k-1", Name(0), StringComparison.Ordinal).Replace("k-2", Name(1), StringComparison.Ordinal), default);

        Assert.Null(await CheckAsync(Held(0..2), Macs(3)));
    }

    [Fact]
    public async Task Where_nothing_is_noted_the_oldest_signing_key_signs_and_is_noted_by_none_but_who_published()
    {
        var keys = Held(1..3);
        Assert.Null(await CheckAsync(keys, Macs(3)));

        Assert.Equal(Verifier(1), keys.Signer(Log.Origin(Make.Org)).Verifier);
        Assert.Equal((null, "k-1 k-2 k-3"), (await Store.Positions.GetAsync(KeysOnRecord.Signing, default), await Store.Positions.GetAsync(KeysOnRecord.Macs, default)));
    }

    public void Dispose()
    {
        keys.ForEach(k => k.Dispose());
        random.Dispose();
        GC.SuppressFinalize(this);
    }

    Task<string?> CheckAsync(LogKeys log, LedgerKeys macs) => new KeysOnRecord(Store.Positions).CheckAsync(log, macs, default);

    VerifierKey Verifier(int key, OrgId? org = null) => Held(key..(key + 1)).Signer(Log.Origin(org ?? Make.Org)).Verifier;

    string Name(int key) => KeysOnRecord.NameOf(Verifier(key));

    LogKeys Held(Range range)
    {
        while (keys.Count < range.End.Value)
            keys.Add(new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
        return new LogKeys(keys[range], []);
    }

    static LedgerKeys Macs(int newest, int from = 1) => new($"k-{newest}", Enumerable.Range(from, newest - from + 1).ToDictionary(i => $"k-{i}", i => SHA256.HashData([(byte)i])));

    /// <summary>A process that holds so many keys of each kind, from the first on.</summary>
    async Task<Process> StartAsync(int keys, int macs = 1, FaultPlan? plan = null)
    {
        var process = new Process(this, Held(0..keys), Macs(macs), plan ?? new FaultPlan());
        Assert.Null(await process.Record.CheckAsync(process.Log, process.Macs, default));
        return process;
    }

    async Task RoundAsync(Process process)
    {
        foreach (var org in orgs)
            await RecordAsync(org);
        await process.ChainAsync();
        await process.PublishAsync();
    }

    /// <summary>Until the keys are in force: what a process does by its timers.</summary>
    async Task UntilAsync(Process process, int newest, int macs = 1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            await RoundAsync(process);
            if (await process.Record.InForceAsync(default) != Name(newest))
                continue;
            var last = await Task.WhenAll(orgs.Select(EntriesAsync));
            if (last.All(e => e[^1].KeyId == $"k-{macs}"))
                return;
        }

        Assert.Fail($"after {Rounds} rounds the keys are not in force");
    }

    async Task RecordAsync(OrgId org) => await Store.Events.AppendAsync([Make.Stamped("c1", $"e-{recorded++}", org)], default);

    async Task<IReadOnlyList<ChainedEvent>> EntriesAsync(OrgId org) => await Store.Ledger.ReadAsync(org, 0, 1000, default);

    /// <summary>Size and signer of each checkpoint there is.</summary>
    async Task<IReadOnlyList<(int Size, int Key)>> CheckpointsAsync(OrgId org)
    {
        var found = new List<(int, int)>();
        await foreach (var name in ArchivedCheckpoints.ListAsync(archive, org, default))
        {
            var checkpoint = await ArchivedCheckpoints.ReadAsync(archive, org, name, default);
            found.Add(((int)checkpoint.Checkpoint.Size, Enumerable.Range(0, keys.Count).Single(i => !checkpoint.Note.Check(Verifier(i, org)).IsRefused)));
        }

        return found;
    }

    /// <summary>Who knows the first key alone finds every ledger valid, each checkpoint under the key of its time, each MAC under one that was brought in before.</summary>
    async Task AssertWholeAsync(int newest, int macs = 1)
    {
        var all = Macs(Math.Max(macs, 2));
        foreach (var org in await Store.Ledger.ListAsync(default))
        {
            var chain = new RotationChain(Verifier(0, org));
            var entries = await EntriesAsync(org);
            foreach (var entry in entries)
            {
                Assert.IsNotType<RotationStep.Refused>(chain.Push(entry.Index, entry.Event.Leaf.Span));
                Assert.Equal(entry.Mac, all.Mac(entry.Hash, entry.KeyId));
            }

            Assert.Equal(Verifier(newest, org), chain.Current);
            Assert.All(entries, e => Assert.True(chain.MayMac(e.KeyId, e.Index)));
            Assert.All(await CheckpointsAsync(org), c => Assert.True(chain.IsTrusted(Verifier(c.Key, org), c.Size), $"{org}: size {c.Size} under key {c.Key}"));
            var report = await new VerifyArchive(archive, new TrustPolicy { Origin = Log.Origin(org), Ledger = org, LogKeys = [Verifier(0, org)] }).RunAsync(org);
            Assert.Equal((Verdict.Valid, Verifier(newest, org).ToString()), (report.Verdict, report.LogKey));
        }
    }

    /// <summary>One process of the service, with its writes subject to a plan.</summary>
    sealed class Process(BringInKeysContract test, LogKeys log, LedgerKeys macs, FaultPlan plan, LogName? name = null, IArchive? archive = null)
    {
        readonly FaultyLedgerStore ledgers = new(test.Store.Ledger, plan);
        readonly FaultyPositionStore positions = new(test.Store.Positions, plan);
        ReconcileEvents? chain;
        PublishCheckpoints? publish;

        public LogKeys Log => log;

        public LedgerKeys Macs => macs;

        public KeysOnRecord Record => new(positions);

        public Task ChainAsync() => (chain ??= new ReconcileEvents(test.Store.Feed, positions, new ExtendLedger(ledgers, macs))).HandleAsync(default);

        public Task PublishAsync()
        {
            test.clock.Advance(TimeSpan.FromMinutes(1));
            publish ??= new PublishCheckpoints(ledgers, new FaultyArchive(archive ?? test.archive, plan), name ?? BringInKeysContract.Log, log, test.clock)
            {
                BringIn = new BringInKeys(ledgers, new TellOwnEvent(new FaultyEventStore(test.Store.Events, plan), test.clock, test.random), log, macs, Record),
                Health = new LedgerHealth(positions),
            };
            return publish.RunAsync(default);
        }
    }
}
