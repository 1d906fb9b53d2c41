using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing.Faults;
using CertFunctions.Testing.Year;

namespace CertFunctions.Testing.Contracts;

/// <summary>How sweeps come in a simulated year.</summary>
public enum SweepHabit
{
    Hourly,
    TwiceEachHour,
    TwoAtOnce,

    /// <summary>Every month or so none for three days.</summary>
    MissingThreeDays,

    /// <summary>The sweeper's clock is set a day back, or ahead, for half a day, and then right again.</summary>
    ClockSteps,

    /// <summary>Sweeps break off at a write, refused or landed with the answer lost, and another follows.</summary>
    BreakingOff,
}

/// <summary>
/// A year of certificates of every life and fate under every habit of sweeping: what the store holds at the end is what the oracle said, no word more, none less, and each
/// at the sweep it was due at.
/// </summary>
public abstract class SimulatedYearContract : StoreContract
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly ManualClock clock = new(Begin);

    /// <summary>How long it lasts.</summary>
    protected virtual TimeSpan Span => TimeSpan.FromDays(365);

    protected virtual IReadOnlyList<TimeSpan> Lives { get; } = [TimeSpan.FromHours(6), .. new[] { 6, 47, 90, 200, 398 }.Select(d => TimeSpan.FromDays(d))];

    /// <summary>Certificates of each life and fate.</summary>
    protected virtual int Each => 3;

    [Theory]
    [InlineData(SweepHabit.Hourly)]
    [InlineData(SweepHabit.TwiceEachHour)]
    [InlineData(SweepHabit.TwoAtOnce)]
    [InlineData(SweepHabit.MissingThreeDays)]
    [InlineData(SweepHabit.ClockSteps)]
    [InlineData(SweepHabit.BreakingOff)]
    public async Task What_is_said_in_a_year_is_what_the_oracle_says(SweepHabit habit)
    {
        var acts = new Queue<Act>(Acts.Of(Begin, Begin + Span, Lives, Each, seed: 11 + (int)habit));
        var subjects = acts.Select(a => a.Subject).Distinct().ToList();
        var oracle = new ExpiryOracle();
        var expected = new List<Saying>();
        var random = new Random(5);
        for (var hour = 0; Begin.AddHours(hour) < Begin + Span; hour++)
        {
            var now = Begin.AddHours(hour);
            await TellAsync(acts, oracle, now);
            if (habit == SweepHabit.MissingThreeDays && hour % 700 is > 500 and <= 572)
                continue;
            clock.SetUtcNow(habit == SweepHabit.ClockSteps ? now + Step(hour) : now);
            expected.AddRange(oracle.Sweep(clock.GetUtcNow()));
            await SweepAsync(habit, random);
        }

        var said = await SaidAsync(subjects);
        Assert.Empty(said.GroupBy(s => (s.Subject, s.Type, s.Fingerprint, s.Detail)).Where(g => g.Count() > 1));
        var (missed, invented) = (expected.Except(said).Order(ByTime).ToList(), said.Except(expected).Order(ByTime).ToList());
        Assert.True(missed.Count == 0 && invented.Count == 0, $"missed {missed.Count}: {string.Join("; ", missed.Take(5))}\nfalse {invented.Count}: {string.Join("; ", invented.Take(5))}");
        Assert.Equal(expected.Count, said.Count);

        // All there is to say is among it, so that agreeing means something.
        foreach (var type in new[] { "cert.expiring_soon", "cert.expired", "cert.renewal_stalled", "cert.expiry_cleared", "cert.expiry_suppressed" })
            Assert.Contains(said, s => s.Type == type);
        Assert.DoesNotContain(said, s => s.Subject.Contains(nameof(Fate.RenewedInTime), StringComparison.Ordinal) && s.Type == "cert.expired" && IsRenewed(s));

        // Of a validity that was renewed in time nothing is said but of the last, which nobody renewed, or by a clock that ran a day ahead.
        bool IsRenewed(Saying s) => habit != SweepHabit.ClockSteps && said.Any(o => o.Subject == s.Subject && o.At > s.At);
    }

    static Comparer<Saying> ByTime { get; } = Comparer<Saying>.Create((a, b) => (a.At, a.Subject, a.Type).CompareTo((b.At, b.Subject, b.Type)));

    /// <summary>Twelve hours of every hundred a day back, twelve others a day ahead.</summary>
    static TimeSpan Step(int hour) => (hour % 100) switch
    {
        < 12 => -TimeSpan.FromDays(1),
        >= 50 and < 62 => TimeSpan.FromDays(1),
        _ => TimeSpan.Zero,
    };

    async Task TellAsync(Queue<Act> acts, ExpiryOracle oracle, DateTimeOffset until)
    {
        var stamped = new List<StampedEvent>();
        while (acts.TryPeek(out var act) && act.At <= until)
        {
            oracle.Tell(acts.Dequeue());
            var (type, data) = act.Kind switch
            {
                ActKind.RenewalFailed => ("cert.renewal_failed", """{"attempt":1,"error_class":"network"}"""),
                ActKind.Revoked => ("cert.revoked", """{"reason_code":1}"""),
                _ => (act.Kind == ActKind.Issued ? "cert.issued" : "cert.renewed", Data(act)),
            };
            stamped.Add(Make.Stamped(act.Subject, type: type, data: data, now: act.At));
        }

        if (stamped.Count > 0)
            Assert.All(await Events.AppendAsync(stamped, default), o => Assert.IsType<Core.Ingest.AppendOutcome.Appended>(o));
    }

    static string Data(Act act)
    {
        var validity = act.Validity!;
        var members = new Dictionary<string, object>
        {
            ["fingerprint"] = validity.Fingerprint,
            ["not_before"] = Rfc3339.Format(validity.NotBefore),
            ["not_after"] = Rfc3339.Format(validity.NotAfter),
            ["subject_alt_names"] = validity.Names,
        };
        if (act.Kind == ActKind.Renewed)
            members["trigger"] = "scheduler";
        return JsonSerializer.Serialize(members);
    }

    async Task SweepAsync(SweepHabit habit, Random random)
    {
        switch (habit)
        {
            case SweepHabit.TwiceEachHour:
                await Sweep(new FaultPlan()).HandleAsync(default);
                await Sweep(new FaultPlan()).HandleAsync(default);
                break;
            case SweepHabit.TwoAtOnce:
                await Task.WhenAll(Task.Run(() => Sweep(new FaultPlan(), page: 3).HandleAsync(default)), Task.Run(() => Sweep(new FaultPlan(), page: 5).HandleAsync(default)));
                // What both looked at, and one of them said, the other found moved: nothing is left over.
                Assert.Empty((await Store.Certificates.ReadDueAsync(clock.GetUtcNow(), null, 10, default)).Heads);
                break;
            case SweepHabit.BreakingOff:
                // Each write in turn: until a sweep passes that had none with that number.
                for (var failing = 1; ; failing++)
                {
                    try
                    {
                        await Sweep(new FaultPlan(failing, random.Next(2) == 0 ? Fault.Refused : Fault.LandedButReportedFailed), page: 1).HandleAsync(default);
                        return;
                    }
                    catch (InjectedFaultException)
                    {
                        // The process died here; the next one begins.
                    }
                }

            default:
                await Sweep(new FaultPlan()).HandleAsync(default);
                break;
        }
    }

    SweepExpiry Sweep(FaultPlan plan, int page = SweepExpiry.PageCertificates) =>
        new(new FaultyCertificateStore(Store.Certificates, plan), new FaultyEventStore(Store.Events, plan), ExpiryPolicies.Default, clock, new SeededRandom(), page);

    async Task<List<Saying>> SaidAsync(IEnumerable<string> subjects)
    {
        var said = new List<Saying>();
        foreach (var subject in subjects)
        {
            var query = new TimelineQuery { Address = Make.Certificate(subject), Order = TimelineOrder.OldestFirst };
            for (long? from = null; ;)
            {
                var slice = await Events.ReadTimelineAsync(query, from, 500, default);
                said.AddRange(slice.Events.Select(Read).OfType<Saying>());
                if (slice.ContinueFrom is null)
                    break;
                from = slice.ContinueFrom;
            }
        }

        return said;
    }

    /// <summary>What a sweep said; null for what a producer told.</summary>
    static Saying? Read(RecordedEvent e)
    {
        using var leaf = JsonDocument.Parse(e.Leaf);
        var (type, data) = (leaf.RootElement.GetProperty("type").GetString()!, leaf.RootElement.GetProperty("data"));
        if (type is "cert.issued" or "cert.renewed" or "cert.renewal_failed" or "cert.revoked")
            return null;
        var threshold = data.TryGetProperty("threshold", out var days) ? days.GetRawText() : "";
        var detail = type == "cert.expiry_suppressed" ? $"{data.GetProperty("announcement").GetString()} {threshold}".TrimEnd() : threshold;
        Assert.True(Rfc3339.TryParse(leaf.RootElement.GetProperty("recorded_at").GetString(), out var at));
        return new Saying(at, e.Address.Subject.Id, type, data.GetProperty("fingerprint").GetString()!, detail);
    }
}
