using System.Security.Cryptography;
using System.Text;
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

    [SkippableFact]
    public async Task Of_bundles()
    {
        Python.SkipWithout();
        var whole = Encoding.UTF8.GetString(published.Bundle).TrimEnd('\n').Split('\n');
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
        };
        foreach (var (what, lines, expected) in cases)
        {
            var path = home.File("bundle");
            await File.WriteAllTextAsync(path, string.Concat(lines.Select(l => l + "\n")));
            foreach (var pinned in new[] { true, false })
            {
                var ours = Assert.Single(VerifySources.Bundle(path, pinned ? new VerifySetup { Policy = Pinned } : VerifySetup.Nothing, default));
                var theirs = pinned ? await Python.VerifyAsync("bundle", path, "--key", Key) : await Python.VerifyAsync("bundle", path);
                Agree($"{what}, {(pinned ? "pinned" : "alone")}", ours, theirs, expected);
            }
        }

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var another = VerifierKey.Of(Pinned.Origin, other);
        await File.WriteAllBytesAsync(home.File("bundle"), published.Bundle);
        Agree("another key", Assert.Single(VerifySources.Bundle(home.File("bundle"), new VerifySetup { Policy = Pinned with { LogKeys = [another] } }, default)),
            await Python.VerifyAsync("bundle", home.File("bundle"), "--key", another.ToString()), "unverifiable");

        string[] With(int line, string of, string to)
        {
            var altered = (string[])whole.Clone();
            altered[line] = altered[line].Replace(of, to, StringComparison.Ordinal);
            Assert.NotEqual(whole[line], altered[line]);
            return altered;
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
        await CheckAsync("no checkpoint", a => Directory.Delete(Path.Combine(a, "acme", "checkpoint"), true), "incomplete");
        await CheckAsync("a checkpoint altered", a => Edit(Checkpoint(a), text => text.Replace("\ntime 2", "\ntime 3", StringComparison.Ordinal)), "tampered");
        await CheckAsync("a checkpoint's root altered", a => Edit(Checkpoint(a), text => text.Replace("\n300\n", "\n300\nA", StringComparison.Ordinal)), "tampered");

        var (folder, _) = published.Ground.Copy();
        var rows = DrillRows(folder);
        Drill.DrillDatabase.Rewrite(folder.Database, rows, Make.Org, published.Ground.Keys);
        await published.Ground.PublishAnewAsync(folder, default);
        await CompareAsync("another history, signed", folder.Archive, "forked");

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
            Agree(what, ours, await Python.VerifyAsync("archive", archive, "--org", "acme", "--key", Key, "--checkpoint", pinned), expected);
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

        var (folder, _) = published.Ground.Copy();
        Drill.DrillDatabase.Rewrite(folder.Database, DrillRows(folder), Make.Org, published.Ground.Keys);
        await using (var store = Sqlite.SqliteStore.Open(new Sqlite.SqliteOptions { Path = folder.Database }))
        {
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            foreach (var entry in await store.Ledger.ReadAsync(Make.Org, 0, Published.Events, default))
                Core.Ledger.LedgerLine.Write(entry, output);
            await CompareAsync("another history", Encoding.UTF8.GetString(output.WrittenSpan), "forked");
        }

        async Task CompareAsync(string what, string text, string expected)
        {
            var path = home.File("export.jsonl");
            await File.WriteAllTextAsync(path, text);
            Assert.True(SeenCheckpoint.TryParse(await File.ReadAllBytesAsync(note), "the note", Layer.Pin, out var seen, out _));
            var ours = Assert.Single(VerifySources.Lines(path, new DataFolder(home.File("no-keys")), new VerifySetup { Policy = Pinned, Checkpoints = [seen] }, default));
            Agree(what, ours, await Python.VerifyAsync("export", path, "--org", "acme", "--key", Key, "--checkpoint", note), expected);
        }
    }

    static void Agree(string what, VerifyReport ours, (string Verdict, long? Index, string Detail) theirs, string expected)
    {
        Assert.True(Words.Of(ours.Verdict) == theirs.Verdict, $"{what}: ours {ours.Verdict} ({ours.Detail}), theirs {theirs.Verdict} ({theirs.Detail})");
        Assert.Contains(theirs.Verdict, expected, StringComparison.Ordinal);
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

    static string Checkpoint(string archive) => Directory.GetFiles(Path.Combine(archive, "acme", "checkpoint"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();

    static void Edit(string path, Func<string, string> edit)
    {
        var text = File.ReadAllText(path);
        Assert.NotEqual(text, edit(text));
        File.WriteAllText(path, edit(text));
    }
}
