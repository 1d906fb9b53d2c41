using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>The sweep over a store: what it says, that it says it once, and that it survives whatever goes wrong.</summary>
public abstract class SweepContract : StoreContract
{
    static readonly DateTimeOffset Begin = Make.Now;

    readonly ManualClock clock = new(Begin);

    [Fact]
    public async Task What_is_due_is_said_once_however_often_it_is_swept()
    {
        await FillAsync();

        var first = await SweepAsync();
        var said = await SaidAsync();

        Assert.Equal(Expected, said);
        Assert.Equal((6, 1), (first.Examined, first.Suppressed));
        Assert.Equal(0, (await SweepAsync()).Examined);
        await Store.ReopenAsync();
        Assert.Equal(0, (await SweepAsync()).Examined);
        Assert.Equal(said, await SaidAsync());
        Assert.Equal(CertificateStatus.Superseded, (await HeadAsync("covered")).State.Status);
        Assert.Equal(CertificateStatus.Expired, (await HeadAsync("over")).State.Status);
    }

    [Fact]
    public async Task A_preview_names_what_a_sweep_would_say_and_writes_nothing()
    {
        await FillAsync();

        var planned = new List<string>();
        await foreach (var p in Sweep().PreviewAsync(clock.GetUtcNow(), default))
            planned.Add($"{p.Address.Subject.Id}: {p.Announcement.Type} {p.Announcement.Id}");

        Assert.Empty(await SaidAsync());
        Assert.Equal(Expected, planned.Select(p => p[..p.LastIndexOf(' ')]).Order(StringComparer.Ordinal));
        await SweepAsync();
        foreach (var subject in Subjects)
            Assert.All(await OwnAsync(subject), e => Assert.Contains(planned, p => p.EndsWith(" " + e.Id.Value, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whichever_write_goes_wrong_the_next_sweep_goes_on_and_everything_is_said_once(Fault fault)
    {
        var failing = 1;
        for (var reached = true; reached; failing++)
        {
            await using var store = await OpenAsync();
            await FillAsync(store);
            var plan = new FaultPlan(failing, fault);
            var sweep = new SweepExpiry(new FaultyCertificateStore(store.Certificates, plan), new FaultyEventStore(store.Events, plan), ExpiryPolicies.Default, clock, new SeededRandom(), page: 2);
            reached = false;
            try
            {
                await sweep.HandleAsync(default);
            }
            catch (InjectedFaultException)
            {
                reached = true;
            }

            await store.ReopenAsync();
            await new SweepExpiry(store.Certificates, store.Events, ExpiryPolicies.Default, clock, new SeededRandom(), page: 2).HandleAsync(default);
            Assert.Equal(Expected, await SaidAsync(store));
            Assert.Empty((await store.Certificates.ReadDueAsync(clock.GetUtcNow(), null, 10, default)).Heads);
        }

        Assert.InRange(failing, 5, 50);
    }

    [Fact]
    public async Task Sweeps_at_once_say_everything_once()
    {
        await FillAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => Sweep(page: 1 + i).HandleAsync(default))));
        await SweepAsync();

        Assert.Equal(Expected, await SaidAsync());
        Assert.Empty((await Store.Certificates.ReadDueAsync(clock.GetUtcNow(), null, 10, default)).Heads);
    }

    [Fact]
    public async Task A_renewal_that_lands_between_the_look_and_the_word_is_not_talked_over()
    {
        await IssueAsync("c1", 90, fingerprint: 'a');
        clock.Advance(TimeSpan.FromDays(70));
        var meddled = new MeddledEvents(Events, () => IssueAsync("c1", 180, fingerprint: 'b', type: "cert.renewed"));

        var report = await new SweepExpiry(Store.Certificates, meddled, ExpiryPolicies.Default, clock, new SeededRandom()).HandleAsync(default);

        Assert.Equal((1, 1, 0), (report.Examined, report.Moved, report.Announced.Count));
        await SweepAsync();
        Assert.Empty(await OwnAsync("c1"));
    }

    [Fact]
    public async Task After_days_without_a_sweep_only_the_tightest_threshold_is_said()
    {
        await IssueAsync("c1", 90);
        clock.Advance(TimeSpan.FromDays(85));

        await SweepAsync();

        Assert.Equal("""{"days_remaining":5,"threshold":7}""", Data(Assert.Single(await OwnAsync("c1")), "days_remaining", "threshold"));
        clock.Advance(TimeSpan.FromDays(5));
        await SweepAsync();
        Assert.Equal(["cert.expiring_soon", "cert.expired"], (await OwnAsync("c1")).Select(Type));
    }

    [Fact]
    public async Task A_superseder_that_is_revoked_silences_no_longer()
    {
        await IssueAsync("old", 90, names: """["www.example.com"]""");
        await IssueAsync("new", 200, names: """["*.example.com"]""");
        clock.Advance(TimeSpan.FromDays(61));
        await SweepAsync();
        Assert.Equal(["cert.expiry_suppressed"], (await OwnAsync("old")).Select(Type));
        await SubmitAsync("new", "cert.revoked", """{"reason_code":1}""");

        clock.Advance(TimeSpan.FromDays(16));
        await SweepAsync();

        Assert.Equal(["cert.expiry_suppressed", "cert.expiring_soon"], (await OwnAsync("old")).Select(Type));
        Assert.Equal(CertificateStatus.Active, (await HeadAsync("old")).State.Status);
    }

    [Fact]
    public async Task A_validity_that_comes_back_is_not_said_twice_and_does_not_stay_due()
    {
        await IssueAsync("c1", 90, fingerprint: 'a');
        clock.Advance(TimeSpan.FromDays(61));
        await SweepAsync();
        await IssueAsync("c1", 120, fingerprint: 'b', type: "cert.renewed");
        await SweepAsync();
        await IssueAsync("c1", 90, fingerprint: 'a', type: "cert.renewed");

        var again = await SweepAsync();

        Assert.Equal((1, 1), (again.Examined, again.Known));
        Assert.Equal(0, (await SweepAsync()).Examined);
        Assert.Equal(["cert.expiring_soon", "cert.expiry_cleared"], (await OwnAsync("c1")).Select(Type));
        Assert.Equal(Begin.AddDays(76), (await HeadAsync("c1")).Due);
    }

    [Fact]
    public async Task A_project_whose_policy_changed_is_due_by_the_new_one_and_the_others_stay()
    {
        await IssueAsync("c1", 200);
        await IssueAsync("c2", 200, project: "mail");
        var policies = new ExpiryPolicies(ExpiryPolicy.Default, new Dictionary<(OrgId, ProjectId), ExpiryPolicy> { [(Make.Org, Make.Project)] = ExpiryPolicy.Of([60, 10], 0.5, out _)! });
        await new ReplanExpiry(Store.Certificates, Store.Positions, ExpiryPolicies.Default).HandleAsync(default);

        Assert.Equal(1, await new ReplanExpiry(Store.Certificates, Store.Positions, policies).HandleAsync(default));
        Assert.Equal(0, await new ReplanExpiry(Store.Certificates, Store.Positions, policies).HandleAsync(default));

        Assert.Equal(Begin.AddDays(140), (await HeadAsync("c1")).Due);
        Assert.Equal(Begin.AddDays(170), (await Store.Certificates.ReadAsync(Make.Certificate("c2", project: ProjectId.Parse("mail")), default))!.Due);
    }

    [Fact]
    public async Task Each_run_of_the_job_leaves_a_summary_in_the_operators_org()
    {
        await FillAsync();
        var job = new ExpirySweepJob(new ReplanExpiry(Store.Certificates, Store.Positions, ExpiryPolicies.Default), Sweep(), Events, OrgId.Parse("ops"), TimeSpan.FromHours(1), new SeededRandom());

        await job.RunAsync(default);
        clock.Advance(TimeSpan.FromMinutes(1));
        await job.RunAsync(default);

        var address = new SubjectAddress(OrgId.Parse("ops"), OwnEvent.Project, Subject.Parse("timer", "expiry-sweep"));
        var runs = (await Events.ReadTimelineAsync(new TimelineQuery { Address = address, Order = TimelineOrder.OldestFirst }, null, 10, default)).Events;
        Assert.Equal(["""{"announced":{"cert.expired":1,"cert.expiring_soon":2,"cert.expiry_cleared":1,"cert.msca_pending_timeout":1,"cert.renewal_stalled":1},"examined":6,"suppressed":1}""",
            """{"announced":{},"examined":0,"suppressed":0}"""], runs.Select(e => Data(e, "announced", "examined", "suppressed")));
    }

    static readonly string[] Subjects = ["soon", "over", "covered", "wide", "stalled", "cleared", "pending", "calm", "revoked", "deleted"];

    static readonly string[] Expected =
    [
        "cleared: cert.expiry_cleared", "covered: cert.expiry_suppressed", "over: cert.expired", "pending: cert.msca_pending_timeout", "soon: cert.expiring_soon",
        "stalled: cert.expiring_soon", "stalled: cert.renewal_stalled",
    ];

    /// <summary>One certificate for each thing there is to say, and some of which there is nothing to say; the clock stands at day 80.</summary>
    async Task FillAsync(StoreUnderTest? store = null)
    {
        var into = (store ?? Store).Events;
        clock.SetUtcNow(Begin);
        await IssueAsync("soon", 90, store: into);
        await IssueAsync("over", 79, store: into, names: """["over.example.org"]""");
        await IssueAsync("covered", 90, store: into, names: """["a.example.com"]""");
        await IssueAsync("wide", 300, store: into, names: """["*.example.com"]""");
        await IssueAsync("stalled", 84, store: into, names: """["stalled.example.org"]""");
        await IssueAsync("cleared", 90, store: into, names: """["cleared.example.org"]""");
        await IssueAsync("calm", 300, store: into, names: """["calm.example.org"]""");
        await IssueAsync("revoked", 90, store: into);
        await IssueAsync("deleted", 90, store: into);
        await SubmitAsync("pending", "cert.msca_pending", """{"request_id":17,"connection_id":"dc1"}""", into);
        clock.SetUtcNow(Begin.AddDays(79));
        await SubmitAsync("stalled", "cert.renewal_failed", """{"attempt":4,"error_class":"auth"}""", into);
        await SubmitAsync("revoked", "cert.revoked", """{"reason_code":4}""", into);
        await SubmitAsync("deleted", "cert.deleted", "{}", into);
        // Said by another product, and renewed since.
        await SubmitAsync("cleared", "cert.expiring_soon", """{"days_remaining":10,"threshold":14}""", into);
        await IssueAsync("cleared", 200, fingerprint: 'b', store: into, names: """["cleared.example.org"]""", type: "cert.renewed");
        clock.SetUtcNow(Begin.AddDays(80));
    }

    SweepExpiry Sweep(int page = 2) => new(Store.Certificates, Store.Events, ExpiryPolicies.Default, clock, new SeededRandom(), page);

    Task<SweepReport> SweepAsync() => Sweep().HandleAsync(default);

    async Task<CertificateHead> HeadAsync(string subject) => (await Store.Certificates.ReadAsync(Make.Certificate(subject), default))!;

    Task IssueAsync(string subject, int days, char fingerprint = 'a', string? names = null, string type = "cert.issued", IEventStore? store = null, string project = "web") => SubmitAsync(subject, type, $$"""
        {"fingerprint":"{{new string(fingerprint, 64)}}","not_before":"{{Rfc3339.Format(Begin.AddDays(Math.Min(0, days - 90)))}}","not_after":"{{Rfc3339.Format(Begin.AddDays(days))}}",
         "subject_alt_names":{{names ?? "[\"" + subject + ".example.net\"]"}}{{(type == "cert.renewed" ? ",\"trigger\":\"manual\"" : "")}}}
        """, store, project);

    async Task SubmitAsync(string subject, string type, string data, IEventStore? store = null, string project = "web") =>
        Assert.IsType<AppendOutcome.Appended>(Assert.Single(await (store ?? Events).AppendAsync([Make.Stamped(subject, null, null, ProjectId.Parse(project), type, data, now: clock.GetUtcNow())], default)));

    /// <summary>What the service said of the subject itself.</summary>
    async Task<IReadOnlyList<RecordedEvent>> OwnAsync(string subject, StoreUnderTest? store = null) =>
        [.. (await (store ?? Store).Events.ReadTimelineAsync(new TimelineQuery { Address = Make.Certificate(subject), Order = TimelineOrder.OldestFirst }, null, 100, default)).Events
            .Where(e => System.Text.Encoding.UTF8.GetString(e.Personal.Span).Contains("\"certfn\"", StringComparison.Ordinal))];

    async Task<List<string>> SaidAsync(StoreUnderTest? store = null)
    {
        var said = new List<string>();
        foreach (var subject in Subjects)
            said.AddRange((await OwnAsync(subject, store)).Select(e => $"{subject}: {Type(e)}"));
        return [.. said.Order(StringComparer.Ordinal)];
    }

    static string Type(RecordedEvent e) => LeafHeader.TryRead(e.Leaf.Span, out var header) ? header.Type : throw new InvalidDataException("not a leaf");

    static string Data(RecordedEvent e, params string[] members)
    {
        using var leaf = System.Text.Json.JsonDocument.Parse(e.Leaf);
        var data = leaf.RootElement.GetProperty("data");
        return "{" + string.Join(',', members.Select(m => $"\"{m}\":{data.GetProperty(m).GetRawText()}")) + "}";
    }

    /// <summary>Somebody else writes just before the sweep does.</summary>
    sealed class MeddledEvents(IEventStore inner, Func<Task> meddle) : IEventStore
    {
        public async Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
        {
            await meddle();
            return await inner.AppendAsync(events, cancellationToken);
        }

        public Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken) => inner.ReadTimelineAsync(query, fromSeq, limit, cancellationToken);
    }
}
