using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="ICertificateStore"/>.</summary>
public abstract class CertificateStoreContract : StoreContract
{
    static readonly ExpiryPolicy Policy = ExpiryPolicy.Default;

    ICertificateStore Certificates => Store.Certificates;

    /// <summary>Random histories whose heads are held against their events.</summary>
    protected abstract int Histories { get; }

    /// <summary>How many of them are replayed up to every seq.</summary>
    protected abstract int Replayed { get; }

    [Fact]
    public async Task Rule_1_a_head_is_the_fold_of_its_events_for_any_history_and_every_seq()
    {
        var random = new Random(1);
        const int AtOnce = 250;
        for (var first = 0; first < Histories; first += AtOnce)
        {
            var histories = Enumerable.Range(first, AtOnce).Select(i => (Subject: $"h{i}", History: new RandomHistory(i), Left: random.Next(1, 24), Changes: new List<CertificateChange>())).ToList();
            var left = histories.Select(h => h.Left).ToArray();
            while (left.Any(n => n > 0))
            {
                // Each call takes a few events of many subjects, so that a state is now carried from event to event and now read back.
                var call = new List<StampedEvent>();
                for (var i = 0; i < histories.Count; i++)
                {
                    for (var n = Math.Min(left[i], random.Next(0, 6)); n > 0; n--, left[i]--)
                        call.Add(histories[i].History.Next(histories[i].Subject));
                }

                foreach (var (e, outcome) in call.Zip(await Events.AppendAsync(call, default)))
                {
                    Assert.IsType<AppendOutcome.Appended>(outcome);
                    histories[int.Parse(e.Address.Subject.Id[1..], System.Globalization.CultureInfo.InvariantCulture) - first].Changes.Add(e.Change!);
                }

                if (random.Next(12) == 0)
                    await Store.ReopenAsync();
            }

            foreach (var (subject, _, count, changes) in histories)
            {
                var head = await HeadAsync(subject);
                var events = await AllAsync(subject);
                var rebuilt = CertificateFold.Of(events);
                Assert.Equal(count, head.Seq);
                Assert.Empty(CertificateDiff.Between(rebuilt, head.State));
                Assert.Equal(rebuilt, head.State);
                Assert.Equal(rebuilt.ToJson(), head.State.ToJson());
                Assert.Equal(ExpiryPlan.NextDue(rebuilt, Policy), head.Due);
                Assert.Equal(changes, events.Select(e => CertificateChange.Of(e)!));
                if (int.Parse(subject[1..], System.Globalization.CultureInfo.InvariantCulture) < Replayed)
                    await ReplayAsync(subject, events);
            }
        }
    }

    /// <summary>The state at every seq, and at every time a record was made, is that of a replay up to there.</summary>
    async Task ReplayAsync(string subject, IReadOnlyList<RecordedEvent> events)
    {
        var read = new ReadCertificate(Certificates, Events);
        var state = CertificateState.None;
        foreach (var e in events)
        {
            var change = CertificateChange.Of(e)!;
            state = state.Apply(change);
            Assert.Equal(new CertificateAt(e.Seq, state), await read.HandleAsync(Make.Certificate(subject), new CertificatePoint.Seq(e.Seq), default));
            var until = events.TakeWhile(o => CertificateChange.Of(o)!.RecordedAt <= change.RecordedAt).ToList();
            Assert.Equal(new CertificateAt(until[^1].Seq, CertificateFold.Of(until)), await read.HandleAsync(Make.Certificate(subject), new CertificatePoint.Time(change.RecordedAt), default));
        }
    }

    [Fact]
    public async Task Rule_1_a_head_is_there_for_a_certificate_with_events_and_for_no_one_else()
    {
        await AppendAsync(Make.Stamped("c1"));

        Assert.Equal(new CertificateHead(Make.Certificate("c1"), 1, CertificateState.None, null), await HeadAsync("c1"));
        Assert.Null(await Certificates.ReadAsync(Make.Certificate("c2"), default));
        Assert.Null(await Certificates.ReadAsync(Make.Certificate("c1", OrgId.Parse("umbrella")), default));
    }

    [Fact]
    public async Task Rule_1_two_points_of_a_history_differ_by_what_happened_between()
    {
        await AppendAsync(Issued("c1", 90), Make.Stamped("c1", type: "cert.renewal_failed", data: """{"attempt":1,"error_class":"auth"}""", now: Make.Now.AddDays(1)));
        var read = new ReadCertificate(Certificates, Events);

        var changes = (await read.DiffAsync(Make.Certificate("c1"), new CertificatePoint.Seq(1), new CertificatePoint.Now(), default))!;

        Assert.Equal((1, 2), (changes.Before.Seq, changes.After.Seq));
        Assert.Equal(["failures", "last_failure.at", "last_failure.attempt", "last_failure.error_class", "status"], changes.Differences.Select(d => d.Member));
        Assert.Equal(("active", "renewal_failed"), (changes.Differences[^1].Before!.Value.GetString(), changes.Differences[^1].After!.Value.GetString()));
        Assert.Empty((await read.DiffAsync(Make.Certificate("c1"), new CertificatePoint.Time(Make.Now), new CertificatePoint.Seq(1), default))!.Differences);
        Assert.Equal(0, (await read.DiffAsync(Make.Certificate("c1"), new CertificatePoint.Time(Make.Now.AddDays(-1)), new CertificatePoint.Now(), default))!.Before.Seq);
        Assert.Null(await read.DiffAsync(Make.Certificate("nobody"), new CertificatePoint.Seq(1), new CertificatePoint.Now(), default));
    }

    [Fact]
    public async Task Rule_4_a_list_pages_through_what_passes_in_order_of_the_end_at_any_limit()
    {
        var random = new Random(3);
        var states = new List<CertificateHead>();
        for (var i = 0; i < 60; i++)
        {
            var history = new RandomHistory(5000 + i);
            await AppendAsync([.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => history.Next($"c{i:00}"))]);
            states.Add(await HeadAsync($"c{i:00}"));
        }

        await AppendAsync(Make.Stamped("elsewhere", project: ProjectId.Parse("mail"), type: "cert.issued", data: IssuedData("f", 30)));
        var now = Make.Now.AddDays(60);
        var general = new CertificateQuery { Org = Make.Org, Project = Make.Project, Now = now };
        CertificateQuery[] queries =
        [
            general,
            .. Enum.GetValues<CertificateStatus>().Select(s => general with { Status = s }),
            general with { Issuer = "CN=CA 1" },
            general with { ExpiringFrom = Make.Now.AddDays(47), ExpiringBefore = Make.Now.AddDays(398) },
            general with { Name = "a.example.com" },
            general with { Name = "*.example.com", Status = CertificateStatus.Expired },
            general with { Name = "example.com", NameBelow = true },
            general with { Name = "b.example.com", ExpiringFrom = Make.Now.AddDays(48) },
            general with { Name = "nobody.example.net" },
        ];
        foreach (var query in queries.SelectMany(q => (CertificateQuery[])[q, q with { LatestFirst = true }]))
        {
            var expected = states.Where(h => h.State != CertificateState.None && query.Matches(h.State)).OrderBy(h => CertificatePlace.Of(h).NotAfter).ThenBy(h => h.Address.Subject.Id, StringComparer.Ordinal).ToList();
            if (query.LatestFirst)
                expected.Reverse();
            foreach (var limit in (int[])[1, 3, 500])
            {
                var read = new List<CertificateHead>();
                CertificatePlace? place = null;
                do
                {
                    var page = await Certificates.ListAsync(query, place, limit, default);
                    Assert.InRange(page.Certificates.Count, 0, limit);
                    read.AddRange(page.Certificates);
                    place = page.ContinueFrom;
                }
                while (place is not null);
                Assert.Equal(expected, read);
            }
        }

        var counts = await Certificates.CountAsync(Make.Org, Make.Project, now, [7, 30, 365], default);
        Assert.Equal(states.Where(h => h.State != CertificateState.None).GroupBy(h => h.State.StatusAt(now)).ToDictionary(g => g.Key, g => (long)g.Count()), counts.ByStatus.ToDictionary());
        Assert.Equal(
            new[] { 7, 30, 365 }.ToDictionary(d => d, d => (long)states.Count(h => h.State.StatusAt(now) is CertificateStatus.Active or CertificateStatus.RenewalFailed && h.State.Validity!.NotAfter <= now.AddDays(d))),
            counts.ExpiringWithin.ToDictionary());
        Assert.Empty((await Certificates.CountAsync(OrgId.Parse("umbrella"), Make.Project, now, [7], default)).ByStatus);
    }

    [Fact]
    public async Task Rules_3_and_5_what_is_due_comes_in_order_of_its_time_from_every_org_and_nothing_else_does()
    {
        for (var i = 0; i < 30; i++)
            await AppendAsync(Issued($"c{i}", 40 + i % 10, org: OrgId.Parse($"org{i % 3}"), project: ProjectId.Parse($"p{i % 2}")), Make.Stamped($"d{i}"));
        // 90 days' life is asked for 30 before its end: due in 10 to 19 days.
        var now = Make.Now.AddDays(14);

        foreach (var limit in (int[])[1, 4, 100])
        {
            var due = new List<CertificateHead>();
            string? position = null;
            do
            {
                var page = await Certificates.ReadDueAsync(now, position, limit, default);
                Assert.InRange(page.Heads.Count, 0, limit);
                due.AddRange(page.Heads);
                position = page.Position;
            }
            while (position is not null);

            Assert.Equal(15, due.Count);
            Assert.Equal(15, due.Select(h => h.Address).Distinct().Count());
            Assert.Equal(due.Select(h => h.Due).Order(), due.Select(h => h.Due));
            Assert.All(due, h => Assert.True(h.Due <= now && h.Due == ExpiryPlan.NextDue(h.State, Policy)));
        }

        Assert.Empty((await Certificates.ReadDueAsync(Make.Now.AddDays(9), null, 10, default)).Heads);
    }

    [Theory]
    [InlineData("""["a.example.com"]""", """["a.example.com"]""", true)]
    [InlineData("""["a.example.com"]""", """["*.example.com"]""", true)]
    [InlineData("""["a.example.com","b.example.com"]""", """["B.example.com","z.example.com","A.EXAMPLE.com."]""", true)]
    [InlineData("""["a.example.com","b.example.com"]""", """["a.example.com"]""", false)]
    [InlineData("""["a.b.example.com"]""", """["*.example.com"]""", false)]
    [InlineData("""["example.com"]""", """["*.example.com"]""", false)]
    [InlineData("""["*.example.com"]""", """["a.example.com"]""", false)]
    [InlineData("""["*.example.com"]""", """["*.example.com"]""", true)]
    [InlineData("""["192.0.2.1"]""", """["*.0.2.1"]""", false)]
    public async Task Rule_6_a_certificate_is_superseded_by_one_that_covers_every_name_for_longer(string own, string wider, bool expected)
    {
        await AppendAsync(Issued("old", 40, names: own), Issued("new", 80, names: wider));
        var old = await HeadAsync("old");

        var found = Assert.Single(await Certificates.FindSupersederAsync([old], Make.Now, default));

        Assert.Equal(expected, found is not null);
        Assert.True(!expected || found!.Address.Subject.Id == "new");
        Assert.Null((await Certificates.FindSupersederAsync([await HeadAsync("new")], Make.Now, default))[0]);
        Assert.Null((await Certificates.FindSupersederAsync([old], Make.Now.AddDays(81), default))[0]);
    }

    [Fact]
    public async Task Rule_6_what_is_revoked_deleted_or_of_another_project_supersedes_nothing_and_the_latest_end_is_preferred()
    {
        const string Names = """["a.example.com"]""";
        await AppendAsync(
            Issued("old", 40, names: Names), Issued("late", 60, names: Names), Issued("revoked", 90, names: Names), Issued("deleted", 91, names: Names),
            Issued("moved", 92, names: Names), Issued("other", 93, names: Names, project: ProjectId.Parse("mail")), Issued("latest", 70, names: """["*.example.com","x.org"]"""),
            Make.Stamped("revoked", type: "cert.revoked", data: """{"reason_code":1}"""), Make.Stamped("deleted", type: "cert.deleted", data: "{}"),
            Issued("moved", 92, fingerprint: "9", names: """["b.example.com"]""", type: "cert.renewed"));

        var found = await Certificates.FindSupersederAsync([await HeadAsync("old"), await HeadAsync("latest"), await HeadAsync("late")], Make.Now, default);

        Assert.Equal(["latest", null, "latest"], found.Select(h => h?.Address.Subject.Id));
    }

    [Fact]
    public async Task Rule_7_a_due_time_moves_only_while_the_head_is_where_it_was_seen()
    {
        await AppendAsync(Issued("c1", 90));
        var due = Make.Now.AddDays(1);

        Assert.True(await Certificates.RescheduleAsync(Make.Certificate("c1"), 1, due, default));
        Assert.Equal(due, (await HeadAsync("c1")).Due);
        Assert.Equal("c1", Assert.Single((await Certificates.ReadDueAsync(due, null, 10, default)).Heads).Address.Subject.Id);
        Assert.False(await Certificates.RescheduleAsync(Make.Certificate("c1"), 2, null, default));
        Assert.False(await Certificates.RescheduleAsync(Make.Certificate("c1"), 0, null, default));
        Assert.False(await Certificates.RescheduleAsync(Make.Certificate("nobody"), 0, null, default));
        Assert.Equal(due, (await HeadAsync("c1")).Due);
        await Store.ReopenAsync();
        Assert.True(await Certificates.RescheduleAsync(Make.Certificate("c1"), 1, null, default));
        Assert.Null((await HeadAsync("c1")).Due);
        Assert.Single(await AllAsync("c1"));
        await AppendAsync(Make.Stamped("c1"));
        Assert.Equal(Make.Now.AddDays(60), (await HeadAsync("c1")).Due);
    }

    [Fact]
    public async Task Rule_8_a_scan_gives_every_certificate_of_every_org()
    {
        for (var i = 0; i < 25; i++)
            await AppendAsync(Issued($"c{i}", 90, org: OrgId.Parse($"org{i % 3}")), Make.Stamped($"d{i}"));

        foreach (var limit in (int[])[1, 7, 100])
        {
            var seen = new List<string>();
            string? position = null;
            do
            {
                var page = await Certificates.ScanAsync(position, limit, default);
                seen.AddRange(page.Heads.Where(h => h.State != CertificateState.None).Select(h => $"{h.Address.Org}/{h.Address.Subject.Id}"));
                position = page.Position;
            }
            while (position is not null);

            Assert.Equal(Enumerable.Range(0, 25).Select(i => $"org{i % 3}/c{i}").Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>An issuance at <see cref="Make.Now"/> of a certificate that ends in so many days and lives for 90.</summary>
    protected static StampedEvent Issued(string subject, int days, string fingerprint = "a", OrgId? org = null, ProjectId? project = null, string? names = null, string type = "cert.issued") =>
        Make.Stamped(subject, null, org, project, type, IssuedData(fingerprint, days, names, type));

    static string IssuedData(string fingerprint, int days, string? names = null, string type = "cert.issued") =>
        $$"""
        {"fingerprint":"{{new string(fingerprint[0], 64)}}","not_before":"{{Rfc3339.Format(Make.Now.AddDays(days - 90))}}","not_after":"{{Rfc3339.Format(Make.Now.AddDays(days))}}",
         "subject_alt_names":{{names ?? "[\"www.example.com\"]"}}{{(type == "cert.renewed" ? ",\"trigger\":\"manual\"" : "")}}}
        """;

    async Task AppendAsync(params StampedEvent[] events) => Assert.All(await Events.AppendAsync(events, default), o => Assert.IsType<AppendOutcome.Appended>(o));

    async Task<CertificateHead> HeadAsync(string subject) => (await Certificates.ReadAsync(Make.Certificate(subject), default))!;

    async Task<IReadOnlyList<RecordedEvent>> AllAsync(string subject) =>
        (await Events.ReadTimelineAsync(new TimelineQuery { Address = Make.Certificate(subject), Order = TimelineOrder.OldestFirst }, null, 500, default)).Events;
}
