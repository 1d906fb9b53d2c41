using System.Text.Json;
using System.Text.Json.Nodes;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Testing;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Heads that were written before there were certificates in them, and what a sweep reads.</summary>
public sealed class CertificateHeadTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_head_without_a_state_or_of_another_version_is_made_anew_when_it_is_touched(int partitions)
    {
        await using var store = await CosmosUnderTest.OpenAsync(partitions);
        await store.Events.AppendAsync([.. Enumerable.Range(0, 4).SelectMany(i => new[] { Issued($"c{i}", 90), Make.Stamped($"c{i}") })], default);
        await AgeAsync(store, "c0", null);
        await AgeAsync(store, "c1", """{"v":99}""");
        await AgeAsync(store, "c2", null);
        await AgeAsync(store, "c3", null);
        await store.ReopenAsync();

        Assert.Equal(CertificateStatus.Active, (await HeadAsync(store, "c0")).State.Status);
        Assert.Empty(await ListedAsync(store));
        Assert.Equal(3, Assert.IsType<AppendOutcome.Appended>((await store.Events.AppendAsync([Make.Stamped("c1")], default))[0]).Event.Seq);
        Assert.True(await store.Certificates.RescheduleAsync(Make.Certificate("c2"), 2, Make.Now.AddDays(60), default));
        Assert.Equal(["c1", "c2"], await ListedAsync(store));

        Assert.Equal(2, await new ReplanExpiry(store.Certificates, store.Positions, ExpiryPolicies.Default).HandleAsync(default));

        Assert.Equal(["c0", "c1", "c2", "c3"], await ListedAsync(store));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 4).Select(i => HeadAsync(store, $"c{i}"))), h => Assert.Equal(Make.Now.AddDays(60), h.Due));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_sweep_reads_what_is_due_and_nothing_else(int partitions)
    {
        await using var store = await CosmosUnderTest.OpenAsync(partitions);
        var clock = new ManualClock(Make.Now.AddDays(61));
        var sweep = new SweepExpiry(store.Certificates, store.Events, ExpiryPolicies.Default, clock, new SeededRandom());
        var costs = new List<(long Requests, double Units, double QueryUnits)>();
        var idle = new List<(long Requests, double Units)>();
        var filled = 0;
        foreach (var certificates in (int[])[100, 1000])
        {
            await store.Events.AppendAsync([.. Enumerable.Range(filled, certificates - filled).Select(i => Issued($"calm{i}", 300, $"calm{i}.example.com"))], default);
            filled = certificates;
            await sweep.HandleAsync(default);
            store.Emulator.Counters.Reset();
            Assert.Equal(0, (await sweep.HandleAsync(default)).Examined);
            idle.Add((store.Emulator.Counters.DocumentRequests(), store.Emulator.Counters.RequestUnits()));

            await store.Events.AppendAsync([.. Enumerable.Range(0, 20).Select(i => Issued($"due{certificates}-{i}", 90, $"due{certificates}-{i}.example.com"))], default);
            store.Emulator.Counters.Reset();
            Assert.Equal(20, (await sweep.HandleAsync(default)).Announced["cert.expiring_soon"]);
            costs.Add((store.Emulator.Counters.DocumentRequests(), store.Emulator.Counters.RequestUnits(), store.Emulator.Counters.RequestUnits(Emulation.OperationKind.Query)));
        }

        Assert.Equal(idle[0], idle[1]);
        // One query of each partition; the plan for it is asked for where the SDK does not plan natively.
        Assert.InRange(idle[0].Requests, 1, partitions + 1);
        Assert.Equal(costs[0].Requests, costs[1].Requests);
        Assert.InRange(costs[1].Units, 0, costs[0].Units * 1.02);
        Assert.InRange(costs[1].QueryUnits, 0, costs[0].QueryUnits * 1.02);
    }

    static StampedEvent Issued(string subject, int days, string name = "a.example.com") => Make.Stamped(subject, type: "cert.issued", data: $$"""
        {"fingerprint":"{{new string('a', 64)}}","not_before":"{{Rfc3339.Format(Make.Now)}}","not_after":"{{Rfc3339.Format(Make.Now.AddDays(days))}}","subject_alt_names":["{{name}}"]}
        """);

    static async Task<CertificateHead> HeadAsync(CosmosUnderTest store, string subject) => (await store.Certificates.ReadAsync(Make.Certificate(subject), default))!;

    static async Task<IEnumerable<string>> ListedAsync(CosmosUnderTest store) =>
        (await store.Certificates.ListAsync(new CertificateQuery { Org = Make.Org, Project = Make.Project, Now = Make.Now }, null, 10, default)).Certificates.Select(h => h.Address.Subject.Id);

    /// <summary>Makes a head what a version without certificates wrote; with a state, what another version did.</summary>
    static async Task AgeAsync(CosmosUnderTest store, string subject, string? state)
    {
        var container = store.Inner.Database.GetContainer(CosmosLayout.Events);
        var partition = CosmosNames.Partition(Make.Certificate(subject));
        var head = JsonNode.Parse((await container.ReadItemAsync<JsonElement>(SubjectDocument.HeadId, partition)).Resource.GetRawText())!.AsObject();
        foreach (var member in (string[])["state", "due", "not_after", "cert", "status", "issuer", "names"])
            head.Remove(member);
        if (state is not null)
            head["state"] = JsonNode.Parse(state);
        await container.ReplaceItemAsync(JsonElement.Parse(head.ToJsonString()), SubjectDocument.HeadId, partition);
    }
}
