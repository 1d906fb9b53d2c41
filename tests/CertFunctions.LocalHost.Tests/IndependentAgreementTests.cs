using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.LocalHost.Verify;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>The verifier that was written from the pages alone says what ours says, of bundles, archives and exports, good and bad.</summary>
public sealed class IndependentAgreementTests(Published published) : IClassFixture<Published>, IDisposable
{
    readonly TempFolder home = new();

    public void Dispose() => home.Dispose();

    TrustPolicy Pinned => published.Ground.Policy with { MinSize = 0, Earlier = null };

    string Key => Pinned.LogKeys[0].ToString();

    [Fact]
    public void It_is_one_file_of_less_than_three_hundred_lines_and_needs_the_standard_library_alone()
    {
        var lines = File.ReadAllLines(Python.Program);

        Assert.InRange(lines.Length, 100, 299);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 160));
        var imported = lines.Where(l => l.StartsWith("import ", StringComparison.Ordinal) || l.StartsWith("from ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1]).ToArray();
        Assert.Equal(["argparse", "base64", "collections", "contextlib", "functools", "hashlib", "hmac", "json", "pathlib", "re", "subprocess", "tempfile"], imported);
    }

    [SkippableFact]
    public async Task Of_bundles()
    {
        Python.SkipWithout();
        var whole = Encoding.UTF8.GetString(published.Bundle).TrimEnd('\n').Split('\n');
        var other = Encoding.UTF8.GetString(await published.BundleAsync("c8")).Split('\n');
        var last = whole.Length - 1;
        Assert.Equal(8, whole.Length);
        var cases = new List<(string What, string[] Lines, string Expected)>
        {
            ("whole", whole, "valid"),
            ("an event altered", With(2, "\"format\":\"pem\"", "\"format\":\"der\""), "tampered"),
            ("a personal part altered", With(3, "\"u-17\"", "\"u-18\""), "tampered"),
            ("a salt altered", With(4, "\"salt\":\"", "\"salt\":\"00"), "tampered"),
            ("a proof altered", With(2, "\"proof\":[\"", "\"proof\":[\"" + Convert.ToBase64String(new byte[32]) + "\",\""), "tampered"),
            ("an index altered", With(2, "{\"index\":", "{\"index\":1"), "tampered"),
            ("the first event dropped", [.. whole[..2], .. whole[3..]], "incomplete"),
            ("an event dropped", [.. whole[..4], .. whole[5..]], "incomplete"),
            ("the last event dropped", [.. whole[..(last - 1)], whole[last]], "incomplete"),
            ("two events exchanged", [.. whole[..3], whole[4], whole[3], .. whole[5..]], "incomplete"),
            ("an event twice", [.. whole[..4], whole[3], .. whole[4..]], "tampered"),
            ("no digest", whole[..last], "incomplete"),
            ("another digest", With(last, "{\"sha256\":\"", "{\"sha256\":\"0"), "tampered"),
            ("a line after the digest", [.. whole, whole[last]], "tampered"),
            ("a manifest that promises more", With(0, "\"last_seq\":5,\"count\":5", "\"last_seq\":6,\"count\":6"), "incomplete"),
            ("a manifest that does not add up", With(0, "\"count\":5", "\"count\":4"), "tampered"),
            ("a manifest of another subject", With(0, "\"id\":\"c7\"", "\"id\":\"c8\""), "tampered"),
            ("a checkpoint of another time", With(1, "\\ntime 2", "\\ntime 3"), "tampered"),
            ("a key that is none", With(1, "\"keys\":[\"d", "\"keys\":[\"e"), "unverifiable or tampered"),
            ("the checkpoint alone", whole[..2], "incomplete"),
            ("the manifest alone", whole[..1], "incomplete"),
            ("nothing", [], "incomplete"),
            ("an event altered, digest anew", Closed(With(2, "\"format\":\"pem\"", "\"format\":\"der\"")), "tampered"),
            ("a personal part altered, digest anew", Closed(With(3, "\"u-17\"", "\"u-18\"")), "tampered"),
            ("a personal part erased, digest anew", Closed(Erased(3)), "valid"),
            ("a personal part without its salt, digest anew", Closed([.. whole[..3], Regex.Replace(whole[3], ",\"salt\":\"[0-9a-f]+\"", ""), .. whole[4..]]), "tampered"),
            ("a salt in capitals, digest anew", Closed([.. whole[..3], Regex.Replace(whole[3], "(?<=\"salt\":\")[0-9a-f]+", m => m.Value.ToUpperInvariant()), .. whole[4..]]), "tampered"),
            ("a path cut short, digest anew", Closed([.. whole[..2], Regex.Replace(whole[2], ",\"[^\"]+\"\\]}$", "]}"), .. whole[3..]]), "tampered"),
            ("a path's last hash altered, digest anew", Closed([.. whole[..2], Regex.Replace(whole[2], "\"[^\"]{4}([^\"]+\"\\]})$", "\"AAAA$1"), .. whole[3..]]), "tampered"),
            ("white space, digest anew", Closed(With(2, "{\"index\":", "{ \"index\":")), "tampered"),
            ("an empty line, digest anew", Closed([.. whole[..3], "", .. whole[3..]]), "tampered"),
            ("an event of another subject, digest anew", Closed([.. whole[..3], other[3], .. whole[4..]]), "tampered"),
            ("the first two withheld, manifest and digest anew", Closed([Manifest(3, 5), whole[1], .. whole[4..]]), "incomplete"),
            ("the last withheld, manifest and digest anew", Closed([Manifest(1, 4), .. whole[1..(last - 1)], whole[last]]), "valid"),
            ("a manifest of another version", With(0, "\"certfn_evidence\":1", "\"certfn_evidence\":2"), "tampered"),
            ("a manifest of another size", With(0, "\"size\":300", "\"size\":301"), "tampered"),
            ("a time stamp over nothing", Closed([.. whole[..2], "{\"time_stamp\":\"AAAA\"}", .. whole[2..]]), "tampered"),
            ("half a surrogate pair in a key", With(1, "\"keys\":[\"", "\"keys\":[\"\\ud800"), "tampered"),
            ("half a surrogate pair in the note", With(1, "{\"checkpoint\":\"", "{\"checkpoint\":\"\\ud800"), "tampered"),
            ("half a surrogate pair in a member's name", With(0, "\"origin\":", "\"\\ud800rigin\":"), "tampered"),
            ("half a surrogate pair in an event's member", With(2, "\"event\":", "\"\\ud800vent\":"), "tampered"),
            ("a signature altered", With(1, "\\n\"", "A\\n\""), "tampered"),
            ("a signature of a key nobody knows beside it", Closed(With(1, "\\n\",\"keys\"", "\\n— elsewhere.example AAAAAAAAAAA=\\n\",\"keys\"")), "valid"),
        };
        foreach (var (what, lines, expected) in cases)
        {
            var path = home.File("bundle");
            await File.WriteAllTextAsync(path, string.Concat(lines.Select(l => l + "\n")));
            foreach (var pinned in new[] { true, false })
            {
                var ours = Assert.Single(VerifySources.Bundle(path, pinned ? new VerifySetup { Policy = Pinned } : VerifySetup.Nothing, default));
                var theirs = await Python.VerifyAsync(pinned ? [path, "--key", Key] : [path]);
                Agree($"{what}, {(pinned ? "pinned" : "alone")}", ours, theirs, expected);
            }
        }

        var another = NewKey();
        await File.WriteAllBytesAsync(home.File("bundle"), published.Bundle);
        Agree("another key", Assert.Single(VerifySources.Bundle(home.File("bundle"), new VerifySetup { Policy = Pinned with { LogKeys = [another] } }, default)),
            await Python.VerifyAsync(home.File("bundle"), "--key", another.ToString()), "unverifiable");

        string[] Erased(int line) => [.. whole[..line], Regex.Replace(whole[line], ",\"personal\":\\{.*,\"salt\":\"[0-9a-f]+\"", ""), .. whole[(line + 1)..]];

        string Manifest(int first, int to) => whole[0].Replace("\"first_seq\":1,\"last_seq\":5,\"count\":5", $"\"first_seq\":{first},\"last_seq\":{to},\"count\":{to - first + 1}", StringComparison.Ordinal);

        string[] With(int line, string of, string to)
        {
            var altered = (string[])whole.Clone();
            altered[line] = altered[line].Replace(of, to, StringComparison.Ordinal);
            Assert.NotEqual(whole[line], altered[line]);
            return altered;
        }
    }

    [SkippableFact]
    public async Task Of_bundles_with_a_bit_flipped()
    {
        Python.SkipWithout();
        var path = home.File("bundle");
        var text = Encoding.UTF8.GetString(published.Bundle);
        // The highest bit makes what is no UTF-8; places: a key's, the note's, and others from end to end.
        var places = Enumerable.Range(0, 18).Select(i => i * published.Bundle.Length / 18).Append(text.IndexOf("\"keys\":[\"", StringComparison.Ordinal) + 12).Append(text.IndexOf("checkpoint", StringComparison.Ordinal) + 15);
        foreach (var (at, bit) in places.SelectMany((p, i) => new[] { (p, 7), (p, i % 7) }))
        {
            var bytes = (byte[])published.Bundle.Clone();
            bytes[at] ^= (byte)(1 << bit);
            await File.WriteAllBytesAsync(path, bytes);
            Agree($"bit {bit} of byte {at}", Assert.Single(VerifySources.Bundle(path, new VerifySetup { Policy = Pinned }, default)), await Python.VerifyAsync(path, "--key", Key), "tampered or incomplete or unverifiable");
        }
    }

    [SkippableFact]
    public async Task Of_archives()
    {
        Python.SkipWithout();
        var pinned = home.File("pinned");
        await File.WriteAllBytesAsync(pinned, published.Ground.Policy.Earlier!.Note.ToBytes());
        await CheckAsync("whole", _ => { }, "valid");
        await CheckAsync("a hash altered", a => Flip(a, 0, 40), "tampered");
        await CheckAsync("an event altered", a => Flip(a, TileId.Entries, 90), "tampered");
        await CheckAsync("a tile above altered", a => Flip(a, 1, 3), "tampered");
        await CheckAsync("a tile lost", a => File.Delete(Tile(a, 0)), "incomplete");
        await CheckAsync("its last bundle lost", a => File.Delete(Path.Combine(a, ArchiveLayout.Tile(Make.Org, TileId.Bundle(1, Published.Events - 256)))), "incomplete");
        await CheckAsync("its first bundle pruned", a => File.Delete(Tile(a, TileId.Entries)), "pruned");
        await CheckAsync("its first bundle cut off", a => Shorten(Tile(a, TileId.Entries)), "tampered");
        await CheckAsync("a tile cut off", a => Shorten(Tile(a, 0)), "tampered");
        await CheckAsync("a tile above lost", a => File.Delete(Tile(a, 1)), "incomplete");
        await CheckAsync("the full tile in place of a partial one", Widen, "valid");
        await CheckAsync("a checkpoint under another name", a => File.Move(Checkpoint(a), Path.Combine(Path.GetDirectoryName(Checkpoint(a))!, "235959Z")), "tampered");
        await CheckAsync("a checkpoint without its signature", a => Edit(Checkpoint(a), text => text[..(text.IndexOf("\n\n", StringComparison.Ordinal) + 2)]), "tampered");
        await CheckAsync("a checkpoint with a signature of a key nobody knows", a => Edit(Checkpoint(a), text => text + "— elsewhere.example AAAAAAAAAAA=\n"), "valid");
        await CheckAsync("a checkpoint's signature altered", a => Edit(Checkpoint(a), text => text[..^9] + (text[^9] == 'A' ? 'B' : 'A') + text[^8..]), "tampered");
        await CheckAsync("the newest checkpoint gone", a => File.Delete(Checkpoint(a)), "valid");
        await CheckAsync("no checkpoint", a => Directory.Delete(Path.Combine(a, "acme", "checkpoint"), true), "incomplete");
        await CheckAsync("a checkpoint altered", a => Edit(Checkpoint(a), text => text.Replace("\ntime 2", "\ntime 3", StringComparison.Ordinal)), "tampered");
        await CheckAsync("a checkpoint's root altered", a => Edit(Checkpoint(a), text => text.Replace("\n300\n", "\n300\nA", StringComparison.Ordinal)), "tampered");

        var (folder, _) = published.Ground.Copy();
        var rows = DrillRows(folder);
        Drill.DrillDatabase.Rewrite(folder.Database, rows, Make.Org, published.Ground.Keys);
        await published.Ground.PublishAnewAsync(folder, default);
        await CompareAsync("another history, signed", folder.Archive, "forked");

        var unknown = NewKey();
        var whole = published.Ground.Copy().Archive;
        Agree("another key", Assert.Single(await VerifySources.ArchiveAsync(new FolderArchive(whole), new VerifySetup { Policy = Pinned with { LogKeys = [unknown] } }, default)),
            await Python.VerifyAsync(whole, "--org", "acme", "--key", unknown.ToString()), "unverifiable");
        Agree("no key", Assert.Single(await VerifySources.ArchiveAsync(new FolderArchive(whole), VerifySetup.Nothing, default)), await Python.VerifyAsync(whole, "--org", "acme"), "valid");

        async Task CheckAsync(string what, Action<string> alter, string expected)
        {
            var (_, archive) = published.Ground.Copy();
            alter(archive);
            await CompareAsync(what, archive, expected);
        }

        async Task CompareAsync(string what, string archive, string expected)
        {
            var setup = new VerifySetup { Policy = Pinned with { Earlier = published.Ground.Policy.Earlier } };
            var ours = Assert.Single(await VerifySources.ArchiveAsync(new FolderArchive(archive), setup, default));
            Agree(what, ours, await Python.VerifyAsync(archive, "--org", "acme", "--key", Key, "--checkpoint", pinned), expected);
        }
    }

    [SkippableFact]
    public async Task Of_exports()
    {
        Python.SkipWithout();
        var whole = await File.ReadAllTextAsync(published.Export);
        var lines = whole.Split('\n');
        var note = home.File("note");
        await File.WriteAllBytesAsync(note, published.Ground.Policy.Earlier!.Note.ToBytes());
        await CompareAsync("whole", whole, "valid");
        await CompareAsync("an event altered", whole.Replace("\"id\":\"e30\"", "\"id\":\"e31\"", StringComparison.Ordinal), "tampered");
        await CompareAsync("a line left out", string.Join('\n', lines.Where((_, i) => i != 17)), "tampered");
        await CompareAsync("its end left out, before the checkpoint", string.Join('\n', lines[..150]) + "\n", "truncated");
        await CompareAsync("its end left out, after the checkpoint", string.Join('\n', lines[..250]) + "\n", "valid");

        await CompareAsync("two lines exchanged", string.Join('\n', [.. lines[..20], lines[21], lines[20], .. lines[22..]]), "tampered");
        await CompareAsync("a line twice", string.Join('\n', [.. lines[..20], lines[19], .. lines[20..]]), "tampered");
        await CompareAsync("a personal part erased", string.Join('\n', [.. lines[..5], Regex.Replace(lines[5], ",\"personal\":\\{.*\"salt\":\"[0-9a-f]+\"", ""), .. lines[6..]]), "valid");
        await CompareAsync("a personal part altered", whole.Replace("\"u-17\"", "\"u-18\"", StringComparison.Ordinal), "tampered");
        await CompareAsync("a salt altered", string.Join('\n', [.. lines[..9], Regex.Replace(lines[9], "(?<=\"salt\":\").", m => m.Value == "0" ? "1" : "0"), .. lines[10..]]), "tampered");
        await CompareAsync("white space", whole.Replace("\"index\":7,", "\"index\": 7,", StringComparison.Ordinal), "tampered");
        await CompareAsync("its last line cut off", whole[..^5], "incomplete");
        await CompareAsync("cut off within a line before the checkpoint", whole[..(whole.Length / 4)], "truncated");
        await CompareAsync("its beginning left out", string.Join('\n', lines[10..]), "incomplete");

        var (folder, _) = published.Ground.Copy();
        var mac = $"hmac-1={(await File.ReadAllTextAsync(Path.Combine(folder.Keys, "hmac-1.key"))).Trim()}";
        var forged = string.Join('\n', [.. lines[..30], Regex.Replace(lines[30], "(?<=\"mac\":\").", m => m.Value == "0" ? "1" : "0"), .. lines[31..]]);
        await CompareAsync("whole, with the MAC key", whole, "valid", folder, mac);
        await CompareAsync("a MAC altered, without the key", forged, "valid");
        await CompareAsync("a MAC altered", forged, "tampered", folder, mac);
        await CompareAsync("its last line cut off, with the MAC key", whole[..^5], "incomplete", folder, mac);
        var (lost, _) = published.Ground.Copy();
        File.Move(Path.Combine(lost.Keys, "hmac-1.key"), Path.Combine(lost.Keys, "hmac-2.key"));
        await CompareAsync("whole, with another MAC key", whole, "unverifiable", lost, mac.Replace("hmac-1=", "hmac-2=", StringComparison.Ordinal));
        await CompareAsync("cut off before the checkpoint, with another MAC key", string.Join('\n', lines[..150]) + "\n", "truncated", lost, mac.Replace("hmac-1=", "hmac-2=", StringComparison.Ordinal));

        Drill.DrillDatabase.Rewrite(folder.Database, DrillRows(folder), Make.Org, published.Ground.Keys);
        await using (var store = Sqlite.SqliteStore.Open(new Sqlite.SqliteOptions { Path = folder.Database }))
        {
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            foreach (var entry in await store.Ledger.ReadAsync(Make.Org, 0, Published.Events, default))
                Core.Ledger.LedgerLine.Write(entry, output);
            await CompareAsync("another history", Encoding.UTF8.GetString(output.WrittenSpan), "forked");
            await CompareAsync("another history, with the MAC key", Encoding.UTF8.GetString(output.WrittenSpan), "forked", folder, mac);
        }

        Agree("no checkpoint at hand", Assert.Single(VerifySources.Lines(published.Export, new DataFolder(home.File("no-keys")), new VerifySetup { Policy = Pinned }, default)),
            await Python.VerifyAsync(published.Export, "--key", Key), "unverifiable");
        await File.WriteAllTextAsync(home.File("empty"), "");
        Agree("no lines", Assert.Single(VerifySources.Lines(home.File("empty"), new DataFolder(home.File("no-keys")), VerifySetup.Nothing, default)),
            await Python.VerifyAsync(home.File("empty")), "incomplete");
        Agree("nothing at hand", Assert.Single(VerifySources.Lines(published.Export, new DataFolder(home.File("no-keys")), VerifySetup.Nothing, default)),
            await Python.VerifyAsync(published.Export), "valid");

        async Task CompareAsync(string what, string text, string expected, DataFolder? keys = null, string? mac = null)
        {
            var path = home.File("export.jsonl");
            await File.WriteAllTextAsync(path, text);
            Assert.True(SeenCheckpoint.TryParse(await File.ReadAllBytesAsync(note), "the note", Layer.Pin, out var seen, out _));
            var ours = Assert.Single(VerifySources.Lines(path, keys ?? new DataFolder(home.File("no-keys")), new VerifySetup { Policy = Pinned, Checkpoints = [seen] }, default));
            Agree(what, ours, await Python.VerifyAsync([path, "--org", "acme", "--key", Key, "--checkpoint", note, .. mac is null ? [] : new[] { "--mac", mac }]), expected);
        }
    }

    /// <summary>The lines with a last one that fits them, so that it is not what tells.</summary>
    static string[] Closed(string[] lines) =>
        [.. lines[..^1], $"{{\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines[..^1].Select(l => l + "\n")))))}\"}}"];

    VerifierKey NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return VerifierKey.Of(Pinned.Origin, key);
    }

    static void Agree(string what, VerifyReport ours, (string Verdict, long? Index, string Detail) theirs, string expected)
    {
        Assert.True(Words.Of(ours.Verdict) == theirs.Verdict, $"{what}: ours {ours.Verdict} ({ours.Detail}), theirs {theirs.Verdict} ({theirs.Detail})");
        Assert.True(expected.Contains(theirs.Verdict, StringComparison.Ordinal), $"{what}: {theirs.Verdict} ({theirs.Detail}), and it should be {expected}");
        if (ours.FirstIndex is { } index && theirs.Index is { } other)
            Assert.True(index == other, $"{what}: ours at {index} ({ours.Detail}), theirs at {other} ({theirs.Detail})");
    }

    static List<Drill.DrillRow> DrillRows(DataFolder folder)
    {
        var rows = Drill.DrillDatabase.Read(folder.Database);
        rows[100] = rows[100].Edited();
        return rows;
    }

    static string Tile(string archive, int level)
    {
        Assert.True(TileId.TryFind(level, 0, Published.Events, out var id));
        return Path.Combine(archive, ArchiveLayout.Tile(Make.Org, id));
    }

    static void Flip(string archive, int level, int at)
    {
        var bytes = File.ReadAllBytes(Tile(archive, level));
        bytes[at] ^= 1;
        File.WriteAllBytes(Tile(archive, level), bytes);
    }

    /// <summary>The partial tile and bundle at the edge, as one more publication would leave them: full, and the partial ones deleted.</summary>
    static void Widen(string archive)
    {
        foreach (var level in new[] { 0, TileId.Entries })
        {
            var partial = Path.Combine(archive, ArchiveLayout.Tile(Make.Org, level == 0 ? new TileId(0, 1, Published.Events - 256) : TileId.Bundle(1, Published.Events - 256)));
            var full = Path.GetDirectoryName(partial)![..^2];
            File.WriteAllBytes(full, [.. File.ReadAllBytes(partial), .. new byte[64]]);
            File.Delete(partial);
        }
    }

    static void Shorten(string path) => File.WriteAllBytes(path, File.ReadAllBytes(path)[..^9]);

    static string Checkpoint(string archive) => Directory.GetFiles(Path.Combine(archive, "acme", "checkpoint"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();

    static void Edit(string path, Func<string, string> edit)
    {
        var text = File.ReadAllText(path);
        Assert.NotEqual(text, edit(text));
        File.WriteAllText(path, edit(text));
    }
}
