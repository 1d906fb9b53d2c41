using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>Every way to alter a ledger, each classified: also by an attacker who holds database, MAC key and signing key.</summary>
public sealed class DrillTests : IClassFixture<VerifyTests.Seeded>, IDisposable
{
    readonly TempFolder home = new();
    readonly VerifyTests.Seeded seeded;

    public DrillTests(VerifyTests.Seeded seeded) => this.seeded = seeded;

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Each_mutation_is_classified_as_it_should_be_and_what_was_missed_without_a_layer_is_told()
    {
        var before = Files();
        var ended = (await Certfn.RunAsync(home.Path, "drill", "--json", "--data", seeded.Data)).Exits(0);
        var rows = ended.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<JsonElement>(l)).ToDictionary(r => r.GetProperty("mutation").GetString()!);

        Assert.Equal(29, rows.Count);
        Assert.All(rows.Values, r => Assert.True(r.GetProperty("as_expected").GetBoolean(), r.GetRawText()));
        // Twelve entries: the policy pins eight, what is done early is done to entry 4, what is done late to entry 10.
        Row("nothing", "valid", "valid", "valid", "valid");
        Row("the log's key is rotated, and nothing altered", "valid", "valid", "valid", "valid");
        Row("sign with a key that gave way", "valid", "tampered", "tampered", "tampered", 12, "signature", "signature");
        foreach (var what in new[] { "edit an event", "back-date an event", "delete from the middle", "reorder", "insert", "duplicate", "alter a column", "alter a personal part", "alter a salt", "re-chain without the MAC key" })
            Row(what, "tampered", "tampered", "tampered", "tampered", what == "duplicate" ? 5 : 4);
        Row("cut off the end", "truncated", "truncated", "truncated", "truncated", 10);
        Row("cut off the end, and the head with it", "truncated", "truncated", "truncated", "truncated", 10, "archive", "witness");
        foreach (var what in new[] { "edit, re-chain", "edit, re-chain, sign", "back-date, re-chain, sign", "delete from the middle, re-chain, sign", "reorder, re-chain, sign", "insert, re-chain, sign", "duplicate, re-chain, sign" })
            Row(what, "valid", "forked", "forked", "forked", what.StartsWith("dup", StringComparison.Ordinal) ? 5 : 4, "archive", "pin");
        Row("fork after the pinned checkpoint, sign", "valid", "valid", "forked", "forked", 10, "archive", "witness");
        Row("cut off the end with its head, sign", "valid", "valid", "truncated", "truncated", 10, "archive", "witness");
        Row("delete all of it", "no ledger", "truncated", "truncated", "truncated", 0);
        Row("swap hashes in a tile", "valid", "valid", "tampered", "valid", 4, "archive");
        Row("alter an archived event", "valid", "valid", "tampered", "valid", 4, "archive");
        Row("the MAC key is not at hand", "unverifiable", "unverifiable", "unverifiable", "unverifiable", 0, "mac", "mac");
        Row("the policy has another log key", "valid", "unverifiable", "unverifiable", "unverifiable");
        Assert.Equal(before, Files());

        void Row(string what, string alone, string pinned, string archive, string witness, int? index = null, string? archiveLayer = null, string? witnessLayer = null)
        {
            var row = rows[what];
            Assert.Equal((what, alone, pinned, archive, witness), (what, Verdict("alone"), Verdict("pinned"), Verdict("archive"), Verdict("witness")));
            if (index is not null)
                Assert.Equal((what, index), (what, row.GetProperty("archive").GetProperty("first_index").GetInt32()));
            if (archiveLayer is not null)
                Assert.Equal((what, archiveLayer), (what, row.GetProperty("archive").GetProperty("found_by").GetString()));
            if (witnessLayer is not null)
                Assert.Equal((what, witnessLayer), (what, row.GetProperty("witness").GetProperty("found_by").GetString()));
            string Verdict(string relying) => row.GetProperty(relying).GetProperty("verdict").GetString()!;
        }
    }

    [Fact]
    public async Task For_a_person_it_is_a_table_and_a_sentence()
    {
        var ended = (await Certfn.RunAsync(home.Path, "drill", "--data", seeded.Data)).Exits(0);
        Assert.Contains("fork after the pinned checkpoint, sign | database, MAC key, log key | valid | valid | forked | forked | 10 | archive | archive or witness", ended.Row("fork after"), StringComparison.Ordinal);
        Assert.Contains("Each was classified as it should be.", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_drilled_is_told()
    {
        (await Certfn.RunAsync(home.Path, "drill", "--data", home.File("none"))).Exits(3).Says("There is no data in");
        (await Certfn.RunAsync(home.Path, "drill", "--data", seeded.Data, "--entries", "5")).Exits(2).Says("--entries must be from 12");
        (await Certfn.RunAsync(home.Path, "drill", "--data", seeded.Data, "--org", "globex")).Exits(2).Says("There is no ledger of 'globex'");
    }

    string[] Files() => [.. Directory.GetFiles(seeded.Data, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)).Order().Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];
}
