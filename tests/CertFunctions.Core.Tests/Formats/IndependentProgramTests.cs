using System.Buffers;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Formats;

/// <summary>The programs that were written from the pages alone, over the vectors and over what this code writes.</summary>
public sealed class IndependentProgramTests
{
    static readonly string Key1 = "k1=" + Convert.ToHexStringLower(Make.Bytes(32, 1)), Key2 = "k2=" + Convert.ToHexStringLower(Make.Bytes(32, 2));

    [SkippableTheory]
    [InlineData("canonical")]
    [InlineData("leaf")]
    [InlineData("chain")]
    [InlineData("cursor")]
    public async Task It_computes_every_golden_vector_anew(string format)
    {
        IndependentProgram.SkipWithout();

        var result = await IndependentProgram.RunAsync("check", Path.Combine(GoldenVectors.Folder, format + ".json"));

        Assert.True(result.ExitCode == 0, result.Text + result.Errors);
    }

    [SkippableTheory]
    [InlineData("canonical", "0.000001", "0.0000010")]
    [InlineData("leaf", "c0ffee", "c0ffef")]
    [InlineData("chain", "\"index\\\":3", "\"index\\\":4")]
    [InlineData("cursor", "65536", "65537")]
    public async Task It_names_a_vector_that_was_altered(string format, string of, string to)
    {
        IndependentProgram.SkipWithout();
        var vectors = await File.ReadAllTextAsync(Path.Combine(GoldenVectors.Folder, format + ".json"));
        var at = vectors.LastIndexOf(of, StringComparison.Ordinal);
        Assert.True(at >= 0);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("altered.json"), vectors[..at] + to + vectors[(at + of.Length)..]);

        var result = await IndependentProgram.RunAsync("check", folder.File("altered.json"));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("altered.json: ", result.Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task It_verifies_the_lines_this_code_writes()
    {
        IndependentProgram.SkipWithout();

        var result = await VerifyAsync(Lines(Reviews.Ledger(20)), Key1, Key2);

        Assert.Equal("""{"verdict": "valid", "entries": 20, "first_index": null, "detail": null}""", result.Text.Trim());
        Assert.Equal(0, result.ExitCode);
    }

    [SkippableFact]
    public async Task Without_the_key_it_says_unverifiable_and_not_tampered()
    {
        IndependentProgram.SkipWithout();

        var result = await VerifyAsync(Lines(Reviews.Ledger(3)), Key1);

        Assert.Contains("\"verdict\": \"unverifiable\", \"entries\": 3, \"first_index\": 0", result.Text, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [SkippableFact]
    public async Task Without_any_key_it_checks_the_chain_alone()
    {
        IndependentProgram.SkipWithout();

        var result = await VerifyAsync(Lines(Reviews.Ledger(3)));

        Assert.Contains("\"verdict\": \"valid\", \"entries\": 3", result.Text, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [SkippableTheory]
    [InlineData("\"n\":4", "\"n\":5", 3)]
    [InlineData("\"who\":\"p8\"", "\"who\":\"p9\"", 7)]
    [InlineData("\"index\":6", "\"index\":5", 6)]
    [InlineData("\"salt\":\"", "\"salt\":\"0", 0)]
    public async Task It_finds_the_first_entry_that_was_altered(string of, string to, int index)
    {
        IndependentProgram.SkipWithout();
        var lines = Lines(Reviews.Ledger(12)).Split('\n');
        lines[index] = lines[index].Replace(of, to, StringComparison.Ordinal);

        var result = await VerifyAsync(string.Join('\n', lines), Key2);

        Assert.Contains($"\"verdict\": \"tampered\", \"entries\": null, \"first_index\": {index},", result.Text, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [SkippableFact]
    public async Task It_reads_and_writes_the_same_cursors()
    {
        IndependentProgram.SkipWithout();
        var query = Encoding.UTF8.GetBytes("""{"types":["ext.b","ext.é"],"subject":{"kind":"review","id":"s \"1\""},"project_id":"web","org_id":"acme","order":"asc","after":"2026-03-01T12:00:00Z"}""");
        var ours = new TimelineCursor(Make.Bytes(32, 5)).Encode(
            new TimelineQuery { Address = Reviews.Address("s \"1\""), Types = ["ext.b", "ext.é"], After = Make.Now, Order = TimelineOrder.OldestFirst }, 77);
        var key = Convert.ToHexStringLower(Make.Bytes(32, 5));

        Assert.Equal(ours, (await IndependentProgram.RunAsync(query, "cursor-encode", "--key", key, "--seq", "77")).Text.Trim());
        Assert.Equal("77", (await IndependentProgram.RunAsync(query, "cursor-decode", ours, "--key", key)).Text.Trim());
        Assert.Equal(1, (await IndependentProgram.RunAsync(query, "cursor-decode", ours, "--key", "00" + key[2..])).ExitCode);
    }

    [SkippableFact]
    public async Task It_computes_the_same_leaf_hash()
    {
        IndependentProgram.SkipWithout();
        var leaf = Reviews.Recorded(Reviews.Address("s-1"), 1).Leaf;

        Assert.Equal(LedgerHash.Leaf(leaf.Span).ToString(), (await IndependentProgram.RunAsync(leaf, "leaf-hash")).Text.Trim());
    }

    static string Lines(IReadOnlyList<ChainedEvent> entries)
    {
        var lines = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
            LedgerLine.Write(entry, lines);
        return Encoding.UTF8.GetString(lines.WrittenSpan);
    }

    static async Task<IndependentProgram.Result> VerifyAsync(string lines, params string[] keys)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("acme.jsonl"), lines);
        return await IndependentProgram.VerifyAsync([folder.File("acme.jsonl"), "--org", "acme", .. keys.SelectMany(k => new[] { "--mac", k })]);
    }
}
