using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Drill;

/// <summary>
/// Every way to alter a ledger that is known here, by what the attacker holds: the database; the MAC key too; the log's signing key too; the archive; or no one's
/// doing at all, a key that is lost. What an attacker can sign is signed anew, so that nothing but the policy, the archive or the witness can tell.
/// </summary>
sealed class Mutations(DrillGround ground, CancellationToken cancellationToken)
{
    const string Database = "database", MacKey = "database, MAC key", LogKey = "database, MAC key, log key", Archive = "archive", Nobody = "nobody: a key is lost";

    /// <summary>Before the pinned checkpoint; not the last of its tile.</summary>
    readonly int early = (int)(ground.Size / 3) - ((int)(ground.Size / 3) % TileId.FullWidth == TileId.FullWidth - 1 ? 1 : 0);

    /// <summary>After the pinned checkpoint.</summary>
    readonly int late = (int)(ground.PinnedSize + Math.Max(1, (ground.Size - ground.PinnedSize) / 2));

    public IEnumerable<Mutation> All()
    {
        yield return Everywhere("nothing", "nothing", (_, _) => Task.CompletedTask, Finding.Valid);
        yield return Everywhere("the log's key is rotated, and nothing altered", "nothing", (folder, _) => ground.RotateAsync(folder, signWithRetired: false, cancellationToken), Finding.Valid);
        foreach (var mutation in WithTheDatabase().Concat(WithTheMacKey()).Concat(WithTheLogKey()).Concat(WithTheArchive()).Concat(LostKeys()))
            yield return mutation;
    }

    IEnumerable<Mutation> WithTheDatabase()
    {
        var tampered = new Finding(Verdict.Tampered, early, Layer.Chain);
        yield return Everywhere("edit an event", Database, Sql($"UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"v\":1}}', '\"v\":2}}') AS BLOB) WHERE position = {Event(early)}"), tampered);
        yield return Everywhere("back-date an event", Database, Rows(r => r[early] = r[early].BackDated(), leafOnly: true), tampered);
        yield return Everywhere("delete from the middle", Database, Sql($"DELETE FROM ledger_entries WHERE idx = {early}"), tampered);
        yield return Everywhere("reorder", Database, Sql($"""
            UPDATE ledger_entries SET idx = -1 WHERE idx = {early}; UPDATE ledger_entries SET idx = {early} WHERE idx = {early + 1}; UPDATE ledger_entries SET idx = {early + 1} WHERE idx = -1
            """), tampered);
        yield return Everywhere("insert", Database, Sql(PutIn(early)), tampered);
        yield return Everywhere("duplicate", Database, Sql(PutIn(early + 1)), tampered with { Index = early + 1 });
        yield return Everywhere("alter a column", Database, Sql($"UPDATE events SET occurred_at = occurred_at - 10000000 WHERE position = {Event(early)}"), tampered with { Layer = Layer.Store });
        yield return Everywhere("alter a personal part", Database, Sql($"UPDATE events SET personal = CAST(replace(CAST(personal AS TEXT), '{{\"actor\":{{', '{{\"actor\":{{ ') AS BLOB) WHERE position = {Event(early)}"), tampered with { Layer = Layer.Commitment });
        yield return Everywhere("alter a salt", Database, Sql($"UPDATE events SET salt = zeroblob(32) WHERE position = {Event(early)}"), tampered with { Layer = Layer.Commitment });
        yield return Everywhere("re-chain without the MAC key", Database, Rows(r => r[early] = r[early].Edited()), tampered with { Layer = Layer.Mac });
        yield return Everywhere("cut off the end", Database, Sql($"DELETE FROM ledger_entries WHERE idx >= {late}"), new Finding(Verdict.Truncated, late, Layer.Chain));
        var cut = new Finding(Verdict.Truncated, late, Layer.Signature);
        yield return new Mutation("cut off the end, and the head with it", Database, Rows(r => r.RemoveRange(late, r.Count - late), ground.Keys), cut, cut, cut with { Layer = Layer.Archive }, cut with { Layer = Layer.Witness });
    }

    IEnumerable<Mutation> WithTheMacKey()
    {
        yield return Rewritten("edit, re-chain", MacKey, r => r[early] = r[early].Edited(), early, publish: false);
    }

    IEnumerable<Mutation> WithTheLogKey()
    {
        yield return Rewritten("edit, re-chain, sign", LogKey, r => r[early] = r[early].Edited(), early);
        yield return Rewritten("back-date, re-chain, sign", LogKey, r => r[early] = r[early].BackDated(), early);
        yield return Rewritten("delete from the middle, re-chain, sign", LogKey, r => r.RemoveAt(early), early);
        yield return Rewritten("reorder, re-chain, sign", LogKey, r => (r[early], r[early + 1]) = (r[early + 1], r[early]), early);
        yield return Rewritten("insert, re-chain, sign", LogKey, r => r.Insert(early, r[early].Another("put-in")), early);
        yield return Rewritten("duplicate, re-chain, sign", LogKey, r => r.Insert(early + 1, r[early].Another("again")), early + 1);
        yield return new Mutation("fork after the pinned checkpoint, sign", LogKey, Forge(r => { for (var i = late; i < r.Count; i++) r[i] = r[i].Edited(); }), Finding.Valid, Finding.Valid,
            new Finding(Verdict.Forked, late, Layer.Archive), new Finding(Verdict.Forked, ground.PinnedSize, Layer.Witness));
        yield return new Mutation("cut off the end with its head, sign", LogKey, Forge(r => r.RemoveRange(late, r.Count - late)), Finding.Valid, Finding.Valid,
            new Finding(Verdict.Truncated, late, Layer.Archive), new Finding(Verdict.Truncated, late, Layer.Witness));
        var retired = new Finding(Verdict.Tampered, ground.Size, Layer.Signature);
        yield return new Mutation("sign with a key that gave way", "database, MAC key, retired log key", (folder, _) => ground.RotateAsync(folder, signWithRetired: true, cancellationToken), Finding.Valid, retired, retired, retired);
        var gone = new Finding(Verdict.Truncated, 0, Layer.Pin);
        yield return new Mutation("delete all of it", LogKey, DeleteAll, new Finding(null), gone, gone, gone);
    }

    IEnumerable<Mutation> WithTheArchive()
    {
        var found = new Finding(Verdict.Tampered, early, Layer.Archive);
        yield return new Mutation("swap hashes in a tile", Archive, (_, archive) => AlterAsync(archive, 0, bytes =>
        {
            var at = early % TileId.FullWidth * Core.Ledger.Digest.Length;
            var first = bytes[at..(at + 32)];
            bytes.AsSpan(at + 32, 32).CopyTo(bytes.AsSpan(at));
            first.CopyTo(bytes.AsSpan(at + 32));
        }), Finding.Valid, Finding.Valid, found, Finding.Valid);
        yield return new Mutation("alter an archived event", Archive, (_, archive) => AlterAsync(archive, TileId.Entries, bytes =>
        {
            ReadOnlySpan<byte> rest = bytes;
            for (var i = 0; i <= early % TileId.FullWidth; i++)
                EntryBundle.TryTake(ref rest, out ReadOnlySpan<byte> _);
            // The digit of its version, just before its closing brace.
            bytes[bytes.Length - rest.Length - 2] ^= 1;
        }), Finding.Valid, Finding.Valid, found, Finding.Valid);
    }

    static IEnumerable<Mutation> LostKeys()
    {
        yield return Everywhere("the MAC key is not at hand", Nobody, (folder, _) =>
        {
            foreach (var key in Directory.GetFiles(folder.Keys))
                File.Delete(key);
            SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "hmac-9999.key"), SecretFile.RandomHex);
            return Task.CompletedTask;
        }, new Finding(Verdict.Unverifiable, 0, Layer.Mac));
        var unknown = new Finding(Verdict.Unverifiable, null, Layer.Signature);
        yield return new Mutation("the policy has another log key", Nobody, (_, _) => Task.CompletedTask, Finding.Valid, unknown, unknown, unknown) { LosesLogKey = true };
    }

    static Mutation Everywhere(string what, string holds, Func<DataFolder, string, Task> apply, Finding finding) => new(what, holds, apply, finding, finding, finding, finding);

    /// <summary>A history rewritten from before the pinned checkpoint: alone it holds together; the pin shows it, and the archive shows where.</summary>
    Mutation Rewritten(string what, string holds, Action<List<DrillRow>> change, long index, bool publish = true)
    {
        var pin = new Finding(Verdict.Forked, 0, Layer.Pin);
        return new Mutation(what, holds, Forge(change, publish), Finding.Valid, pin, new Finding(Verdict.Forked, index, Layer.Archive), pin);
    }

    /// <summary>Rewrites the history with the MAC key; then signs it, or removes what the folder has of signed checkpoints.</summary>
    Func<DataFolder, string, Task> Forge(Action<List<DrillRow>> change, bool publish = true) => async (folder, archive) =>
    {
        await Rows(change, ground.Keys)(folder, archive).ConfigureAwait(false);
        if (publish)
            await ground.PublishAnewAsync(folder, cancellationToken).ConfigureAwait(false);
        else
            Directory.Delete(folder.Archive, recursive: true);
    };

    Func<DataFolder, string, Task> Rows(Action<List<DrillRow>> change, Core.Ledger.LedgerKeys? keys = null, bool leafOnly = false) => (folder, _) =>
    {
        var rows = DrillDatabase.Read(folder.Database);
        change(rows);
        if (leafOnly)
            DrillDatabase.Forge(folder.Database, $"UPDATE events SET leaf = x'{Convert.ToHexString(rows[early].Leaf)}' WHERE position = {Event(early)}");
        else
            DrillDatabase.Rewrite(folder.Database, rows, ground.Ledger, keys);
        return Task.CompletedTask;
    };

    static Func<DataFolder, string, Task> Sql(string sql) => (folder, _) =>
    {
        DrillDatabase.Forge(folder.Database, sql);
        return Task.CompletedTask;
    };

    static string Event(int index) => FormattableString.Invariant($"(SELECT event FROM ledger_entries WHERE idx = {index})");

    /// <summary>An event like the one before, put in where one stands: those after it move up by one.</summary>
    static string PutIn(int at) => FormattableString.Invariant($"""
        INSERT INTO events SELECT 1000000000, subject, 1000000000, 'put-in', type, occurred_at, leaf, salt, personal FROM events WHERE position = {Event(at - 1)};
        UPDATE ledger_entries SET idx = -idx - 1 WHERE idx >= {at};
        UPDATE ledger_entries SET idx = -idx WHERE idx < 0;
        INSERT INTO ledger_entries SELECT ledger, {at}, 1000000000, leaf_hash, hash, mac, key_id FROM ledger_entries WHERE idx = {at - 1}
        """);

    static Task DeleteAll(DataFolder folder, string archive)
    {
        Directory.Delete(folder.Archive, recursive: true);
        DrillDatabase.Forge(folder.Database, "DELETE FROM ledger_entries; DELETE FROM events; DELETE FROM subjects; DELETE FROM ledger_segments; DELETE FROM ledgers");
        return Task.CompletedTask;
    }

    async Task AlterAsync(string archive, int level, Action<byte[]> alter)
    {
        if (!TileId.TryFind(level, early / TileId.FullWidth, ground.Size, out var id))
            throw new InvalidOperationException("the drill's ledger has no such tile");
        var path = Path.Combine(archive, ArchiveLayout.Tile(ground.Ledger, id));
        var bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        alter(bytes);
        await File.WriteAllBytesAsync(path, bytes, cancellationToken).ConfigureAwait(false);
    }
}
