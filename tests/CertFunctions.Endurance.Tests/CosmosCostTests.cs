using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timeline;
using CertFunctions.Cosmos;
using CertFunctions.Emulation;
using CertFunctions.Testing;
using Xunit.Abstractions;

namespace CertFunctions.Endurance.Tests;

/// <summary>Holds the figures of <c>docs/scale.md</c> to what the emulator counts.</summary>
[Collection(nameof(CosmosProcesses))]
public sealed partial class CosmosCostTests(ITestOutputHelper output) : IAsyncLifetime
{
    CosmosEmulator emulator = null!;
    CosmosSettings settings = null!;
    CosmosStore store = null!;

    public async Task InitializeAsync()
    {
        emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = 4 });
        settings = new CosmosSettings { Connection = emulator.ConnectionString };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        store = await CosmosStore.OpenAsync(settings, TimeProvider.System, default);
    }

    public async Task DisposeAsync()
    {
        store.Dispose();
        await emulator.DisposeAsync();
    }

    [Fact]
    public async Task The_page_states_what_the_emulator_counts()
    {
        var counted = await CountAllAsync();
        var stated = Stated();
        foreach (var (what, cost) in counted)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {cost.Requests} | {cost.Units:F1} |"));
        Assert.Equal(counted.Keys.Order(), stated.Keys.Order());
        Assert.All(counted, c => Assert.True(
            stated[c.Key].Requests == c.Value.Requests && Math.Abs(stated[c.Key].Units - c.Value.Units) < 0.06 + c.Value.Units / 100,
            string.Create(CultureInfo.InvariantCulture, $"{c.Key}: the page says {stated[c.Key].Requests} requests and {stated[c.Key].Units:F1} RU, the emulator counted {c.Value.Requests} and {c.Value.Units:F1}")));
    }

    [Fact]
    public async Task The_page_states_what_the_documents_weigh()
    {
        var e = Make.Stamped("c1", "an-event");
        await store.Events.AppendAsync([e], default);
        await new ExtendLedger(store.Ledger, Make.Keys).HandleAsync(await AllAsync(), default);
        using var client = CosmosProcesses.NewClient(emulator.ConnectionString);
        var line = new ArrayBufferWriter<byte>();
        LedgerLine.Write((await store.Ledger.ReadAsync(Make.Org, 0, 1, default))[0], line);
        var weights = new Dictionary<string, int>
        {
            ["event's document"] = await CosmosProcesses.LargestAsync(client.GetContainer(settings.Database, CosmosLayout.Events)),
            ["entry's document"] = await CosmosProcesses.LargestAsync(client.GetContainer(settings.Database, CosmosLayout.Ledger)),
            ["SIEM line"] = line.WrittenCount,
        };
        output.WriteLine(string.Join(", ", weights));
        Assert.All(weights, w => AssertStated(w.Key, w.Value));
    }

    static void AssertStated(string what, int bytes)
    {
        var stated = Regex.Match(File.ReadAllText(Repository.File("docs", "scale.md")), $@"{what} has (\d+) bytes").Groups[1].Value;
        Assert.InRange(int.Parse(stated, CultureInfo.InvariantCulture), bytes * 0.98, bytes * 1.02);
    }

    async Task<Dictionary<string, Cost>> CountAllAsync()
    {
        var counted = new Dictionary<string, Cost>();
        // Once for nothing, so that no connection and no range map is on anyone's bill.
        await store.Events.AppendAsync([Make.Stamped("warm", "warm")], default);
        await ReadAsync(store, "warm");

        await CountAsync("the first event of a subject", () => AppendAsync(store, "c1", "first"));
        // From here on another process, for one whose lane to the subject is still open knows its head and does not read it.
        using var next = await AnotherAsync();
        await CountAsync("one more event of a subject", () => AppendAsync(next, "c1", "second"));
        using var last = await AnotherAsync();
        await CountAsync("the same event again", () => AppendAsync(last, "c1", "second"));
        await CountAsync("99 events of one subject", () => store.Events.AppendAsync(Many("c2", 99), default));
        using var ours = await AnotherAsync();
        using var theirs = await AnotherAsync();
        await CountAsync("two events of one subject at once, by two processes", () => AppendAgainstAnotherAsync(ours, theirs));
        await CountAsync("a certificate issued", () => store.Events.AppendAsync([Issued("c4", "a", 90)], default));
        using var renewing = await AnotherAsync();
        await CountAsync("a certificate renewed", () => renewing.Events.AppendAsync([Issued("c4", "b", 120)], default));
        await CountAsync("a sweep with nothing due", () => SweepAsync(store, 89));
        await CountAsync("a sweep with one certificate due", () => SweepAsync(store, 91));
        await store.Events.AppendAsync(Many("c3", 1000), default);
        await CountAsync("a page of 100 of a timeline", () => ReadAsync(store, "c3"));

        var ledger = new ExtendLedger(store.Ledger, Make.Keys);
        var feed = await AllAsync();
        await ledger.HandleAsync([.. feed.Take(100)], default);
        await CountAsync("1 entry of the ledger", () => ledger.HandleAsync([feed[100]], default));
        await CountAsync("99 entries of the ledger", () => ledger.HandleAsync([.. feed.Skip(101).Take(99)], default));
        await CountAsync("99 entries and 1 entry at once, by two processes", () => ChainAgainstAnotherAsync([.. feed.Skip(200).Take(99)], feed[299]));
        await ledger.HandleAsync([.. feed.Skip(300)], default);
        await CountAsync("1000 entries to one sink", () => new ForwardLedger(store.Ledger, store.Positions, new Nowhere(), TimeProvider.System).HandleAsync(Make.Org, default));
        await CountAsync("1000 entries to verify or export", () => store.Ledger.ReadAsync(Make.Org, 0, 1000, default));
        return counted;

        async Task CountAsync(string what, Func<Task> act)
        {
            var before = Total();
            await act();
            var after = Total();
            counted[what] = new Cost(after.Requests - before.Requests, after.Units - before.Units);
        }
    }

    /// <summary>Requests about documents; asking for a query's plan is left out, as the service charges nothing for it.</summary>
    Cost Total()
    {
        var documents = emulator.Counters.Snapshot().Where(c => c.Key.Kind is >= OperationKind.CreateDocument and not OperationKind.QueryPlan).Select(c => c.Value).ToList();
        return new Cost(documents.Sum(c => c.Requests), documents.Sum(c => c.RequestUnits));
    }

    static Task AppendAsync(CosmosStore to, string subject, string id) => to.Events.AppendAsync([Make.Stamped(subject, id)], default);

    /// <summary>Our batch is on its way while another process appends to the same subject: what both ask is counted.</summary>
    async Task AppendAgainstAnotherAsync(CosmosStore ours, CosmosStore theirs)
    {
        using var held = emulator.Faults.Hold(1, r => r.Kind == OperationKind.TransactionalBatch);
        var appending = AppendAsync(ours, "c1", "ours");
        await held.HitAsync();
        await AppendAsync(theirs, "c1", "theirs");
        held.Dispose();
        await appending;
    }

    /// <summary>What another process would hold: a store of its own on the same database, its connections made.</summary>
    async Task<CosmosStore> AnotherAsync()
    {
        var another = await CosmosStore.OpenAsync(settings, TimeProvider.System, default);
        await ReadAsync(another, "warm");
        return another;
    }

    async Task ChainAgainstAnotherAsync(IReadOnlyList<RecordedEvent> batch, RecordedEvent another)
    {
        var ours = new ExtendLedger(store.Ledger, Make.Keys);
        using var held = emulator.Faults.Hold(1, r => r.Kind == OperationKind.TransactionalBatch);
        var chaining = ours.HandleAsync(batch, default);
        await held.HitAsync();
        await new ExtendLedger(store.Ledger, Make.Keys).HandleAsync([another], default);
        held.Dispose();
        await chaining;
    }

    static StampedEvent Issued(string subject, string fingerprint, int days) => Make.Stamped(subject, $"{subject}-{fingerprint}", type: "cert.issued", data: $$"""
        {"fingerprint":"{{new string(fingerprint[0], 64)}}","not_before":"{{Rfc3339.Format(Make.Now)}}","not_after":"{{Rfc3339.Format(Make.Now.AddDays(days))}}",
         "issuer":"CN=Example Issuing CA 3, O=Example","subject":"CN=www.example.com","subject_alt_names":["www.example.com"]}
        """);

    static Task<SweepReport> SweepAsync(CosmosStore of, int day) =>
        new SweepExpiry(of.Certificates, of.Events, ExpiryPolicies.Default, new ManualClock(Make.Now.AddDays(day)), new SeededRandom()).HandleAsync(default);

    static List<StampedEvent> Many(string subject, int count) => [.. Enumerable.Range(0, count).Select(n => Make.Stamped(subject, $"{subject}-{n:D4}"))];

    static Task<TimelineSlice> ReadAsync(CosmosStore from, string subject) => from.Events.ReadTimelineAsync(new TimelineQuery { Address = Make.Certificate(subject) }, null, 100, default);

    async Task<List<RecordedEvent>> AllAsync()
    {
        var all = new List<RecordedEvent>();
        for (string? position = null; ;)
        {
            var batch = await store.Feed.ReadFeedAsync(position, 1000, default);
            if (batch.Events.Count == 0)
                return all;
            all.AddRange(batch.Events);
            position = batch.Position;
        }
    }

    [GeneratedRegex(@"^\| (?<what>[^|]+) \| (?<requests>\d+) \| (?<units>[\d.]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row { get; }

    static Dictionary<string, Cost> Stated()
    {
        var page = File.ReadAllText(Repository.File("docs", "scale.md"));
        return Row.Matches(page).ToDictionary(row => row.Groups["what"].Value, row => new Cost(
            long.Parse(row.Groups["requests"].Value, CultureInfo.InvariantCulture), double.Parse(row.Groups["units"].Value, CultureInfo.InvariantCulture)));
    }

    sealed record Cost(long Requests, double Units);

    sealed class Nowhere : ISink
    {
        public string Name => "nowhere";

        public Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => Task.FromResult<SinkOutcome>(new SinkOutcome.Delivered());
    }
}
