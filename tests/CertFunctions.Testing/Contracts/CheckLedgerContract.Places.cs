using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>What the saved places are worth to someone who writes the database and holds no key.</summary>
public abstract partial class CheckLedgerContract
{
    static readonly OrgId OtherOrg = OrgId.Parse("globex");

    [Theory]
    [InlineData(CheckScope.Tail)]
    [InlineData(CheckScope.Whole)]
    public async Task A_place_is_saved_as_the_page_on_the_format_says(CheckScope scope)
    {
        await ChainAsync(3);
        await Check(scope, Store.Ledger).RunAsync(default);

        var (head, _) = await Store.Ledger.CatchUpAsync(Make.Org, [], default);
        var done = scope == CheckScope.Whole ? "true" : "false";
        Assert.Equal(Sealed("k1", FirstKey, Reader(scope), $$"""{"v":1,"began":"2026-03-01T12:00:00Z","size":3,"hash":"{{head.Hash}}","done":{{done}}}"""), await PlaceAsync(scope));
    }

    [Theory]
    [InlineData("no MAC", "it has no MAC")]
    [InlineData("no place", "it has no MAC")]
    [InlineData("changed", "its MAC is not that of the key 'k1'")]
    [InlineData("under a key of theirs", "its MAC is not that of the key 'k1'")]
    [InlineData("of the other check", "its MAC is not that of the key 'k1'")]
    [InlineData("of another ledger", "its MAC is not that of the key 'k1'")]
    public async Task A_place_that_is_not_this_checks_own_hides_nothing_and_is_told_of_once(string forgery, string why)
    {
        await ChainAsync(30);
        await ChainAsync(30, OtherOrg);
        foreach (var scope in Enum.GetValues<CheckScope>())
            await Check(scope, Store.Ledger).RunAsync(default);
        var saved = Enum.GetValues<CheckScope>().ToDictionary(s => s, s => PlaceAsync(s).Result);
        foreach (var (scope, place) in saved)
        {
            var document = place[place.IndexOf('{')..];
            await SaveAsync(scope, forgery switch
            {
                "no MAC" => document,
                "no place" => $"30 {new string('x', 64)} ",
                "changed" => place.Replace("12:00:00Z", "12:00:01Z", StringComparison.Ordinal),
                "under a key of theirs" => Sealed("k1", OtherKey, Reader(scope), document),
                "of the other check" => saved[scope == CheckScope.Tail ? CheckScope.Whole : CheckScope.Tail],
                "of another ledger" => (await Store.Positions.GetAsync(Reader(scope, OtherOrg), default))!,
                _ => throw new ArgumentException(forgery),
            });
        }

        // Entry by entry it is right, and it is not what was chained.
        var altered = new AlteredLedger(Store.Ledger, e => e.Index == 17 && e.Event.Address.Org == Make.Org ? e with { Mac = default } : e);
        for (var start = 0; start < 3; start++)
        {
            foreach (var scope in saved.Keys)
                await Check(scope, altered).RunAsync(default);
        }

        var told = await OwnEvents.ToldAsync(Store);
        Assert.Equal(["audit.check_place_refused", "audit.chain_broken", "audit.check_place_refused"], told.Select(t => t.Type));
        foreach (var (scope, (_, _, data)) in saved.Keys.Zip([told[0], told[2]]))
        {
            Assert.Equal((Verdict.Tampered, 17L), await LastAsync(scope));
            Assert.Equal(("acme", LedgerHealth.Wire(scope)), (data.GetProperty("ledger").GetString(), data.GetProperty("check").GetString()));
            Assert.StartsWith(why, data.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Empty(await OwnEvents.ToldAsync(Store, OtherOrg));
    }

    [Fact]
    public async Task A_place_under_an_earlier_key_is_gone_on_from_and_the_next_is_under_the_key_in_force()
    {
        await ChainAsync(20);
        await Check(CheckScope.Tail, Store.Ledger).RunAsync(default);
        await ChainAsync(3);
        var counted = new CountedReads(Store.Ledger);

        await Check(CheckScope.Tail, counted, Both).RunAsync(default);

        Assert.Equal((20, 3), counted.Taken());
        Assert.StartsWith("k2 ", await PlaceAsync(CheckScope.Tail), StringComparison.Ordinal);
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task A_place_under_a_key_that_is_not_at_hand_is_none_and_tells_nobody()
    {
        await ChainAsync(20);
        await Check(CheckScope.Tail, Store.Ledger, Both).RunAsync(default);
        Assert.StartsWith("k2 ", await PlaceAsync(CheckScope.Tail), StringComparison.Ordinal);
        var counted = new CountedReads(Store.Ledger);

        // A process that was not given the newer key yet.
        await Check(CheckScope.Tail, counted).RunAsync(default);

        Assert.Equal((0, 20), counted.Taken());
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whatever_write_fails_a_refused_place_is_told_of_once(Fault fault)
    {
        await ChainAsync(20);
        await SaveAsync(CheckScope.Whole, "20");
        for (var failing = 1; failing <= 4; failing++)
        {
            try
            {
                var plan = new FaultPlan(failing, fault);
                await Check(CheckScope.Whole, Store.Ledger, events: new FaultyEventStore(Store.Events, plan), positions: new FaultyPositionStore(Store.Positions, plan)).RunAsync(default);
            }
            catch (InjectedFaultException)
            {
            }
        }

        Assert.Equal("audit.check_place_refused", Assert.Single(await OwnEvents.ToldAsync(Store)).Type);
        Assert.Equal((Verdict.Valid, 20L), await LastAsync(CheckScope.Whole));
    }

    [Fact]
    public async Task An_earlier_place_that_is_put_back_makes_a_tail_check_more()
    {
        await ChainAsync(10);
        await Check(CheckScope.Tail, Store.Ledger).RunAsync(default);
        var earlier = await PlaceAsync(CheckScope.Tail);
        await ChainAsync(10);
        await Check(CheckScope.Tail, Store.Ledger).RunAsync(default);
        await SaveAsync(CheckScope.Tail, earlier);
        var counted = new CountedReads(Store.Ledger);

        await Check(CheckScope.Tail, counted).RunAsync(default);

        Assert.Equal((10, 10), counted.Taken());
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task A_pass_that_is_put_back_at_each_start_hides_what_it_had_seen_for_seven_periods_at_most()
    {
        await ChainAsync(2500);
        await Check(CheckScope.Whole, new CountedReads(Store.Ledger, () => clock.Advance(TimeSpan.FromSeconds(1))), within: TimeSpan.FromSeconds(1)).RunAsync(default);
        var earlier = await PlaceAsync(CheckScope.Whole);
        var altered = new AlteredLedger(Store.Ledger, e => e.Index == 17 ? e with { Mac = default } : e);

        var starts = 0;
        for (; starts < 100 && (await OwnEvents.ToldAsync(Store)).Count == 0; starts++)
        {
            await SaveAsync(CheckScope.Whole, earlier);
            clock.Advance(Period / 2);
            await Check(CheckScope.Whole, altered).RunAsync(default);
        }

        Assert.Equal(14, starts);
        Assert.Equal((Verdict.Tampered, 17L), await LastAsync(CheckScope.Whole));
    }

    [Fact]
    public async Task That_the_end_was_cut_off_with_all_places_put_back_is_known_to_the_running_service_and_to_the_archive()
    {
        using var folder = new TempFolder();
        using var key = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var ledgers = new AlteredLedger(Store.Ledger, e => e);
        var publish = new PublishCheckpoints(ledgers, new FolderArchive(folder.Path), LogName.Parse("example.com/log"), new LogKeys(key), clock);
        var running = Check(CheckScope.Tail, ledgers);
        await ChainAsync(10);
        await running.RunAsync(default);
        var earlier = await PlaceAsync(CheckScope.Tail);
        await ChainAsync(10);
        await running.RunAsync(default);
        await publish.RunAsync(default);

        await SaveAsync(CheckScope.Tail, earlier);
        ledgers.Head = new LedgerHead(Make.Org, 12, (await Store.Ledger.ReadAsync(Make.Org, 11, 1, default))[0].Hash);

        // Started anew, a check has what lies in the database alone: so it was once.
        await Check(CheckScope.Tail, ledgers).RunAsync(default);
        Assert.Equal((Verdict.Valid, 12L), await LastAsync(CheckScope.Tail));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
        // What was published lies elsewhere, and what was seen in memory.
        Assert.Equal(12, Assert.IsType<PublishOutcome.Refused>(await publish.HandleAsync(Make.Org, default)).Index);
        await running.RunAsync(default);
        Assert.Equal("truncated", Assert.Single(await OwnEvents.ToldAsync(Store)).Data.GetProperty("verdict").GetString());
    }

    static byte[] FirstKey => Make.Keys.TryGet("k1", out var key) ? key : throw new InvalidOperationException("the tests' key has another name");

    static string Reader(CheckScope scope, OrgId? org = null) => $"{(scope == CheckScope.Tail ? "check-tail" : "check-ledger")}/{org ?? Make.Org}";

    async Task<string> PlaceAsync(CheckScope scope) => await Store.Positions.GetAsync(Reader(scope), default) ?? throw new InvalidOperationException("no place is saved");

    Task SaveAsync(CheckScope scope, string place) => Store.Positions.SaveAsync(Reader(scope), place, default);

    /// <summary>A place as <c>docs/ledger-format.md</c> has it.</summary>
    static string Sealed(string id, byte[] key, string reader, string document) =>
        $"{id} {Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"CertFunctions/check-place/v1\0{reader}\0{document}")))} {document}";
}
