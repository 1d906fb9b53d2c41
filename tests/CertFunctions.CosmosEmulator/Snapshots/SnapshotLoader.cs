using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Snapshots;

/// <summary>Puts an account back from the lines of a snapshot, and then of its journal.</summary>
sealed class SnapshotLoader(Account account)
{
    readonly Dictionary<string, Container> byRid = new(StringComparer.Ordinal);

    /// <summary>Which journal goes with the snapshot.</summary>
    public long Generation { get; private set; }

    /// <exception cref="InvalidDataException">A whole line is not one of ours.</exception>
    public void Load(string file, bool mayBeTorn)
    {
        using var reader = new StreamReader(file);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            try
            {
                Apply(JsonElement.Parse(line));
            }
            catch (JsonException) when (mayBeTorn && reader.EndOfStream)
            {
                // The process died while it wrote this line, so nobody has had an answer that depends on it.
                return;
            }
            catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"{file}, line {number}: not a line of an emulator snapshot ({broken.Message}).", broken);
            }
        }
    }

    void Apply(JsonElement line)
    {
        switch (line.GetProperty("t").GetString())
        {
            case "head":
                if (line.GetProperty("version").GetInt32() != 1) throw new InvalidOperationException("an unknown version");
                Generation = line.GetProperty("generation").GetInt64();
                break;
            case "database":
                account.Restore(new Database(line.GetProperty("number").GetUInt32(), line.GetProperty("id").GetString()!, line.GetProperty("ts").GetInt64()));
                break;
            case "database-deleted":
                account.DeleteDatabase(line.GetProperty("id").GetString()!);
                break;
            case "container":
                RestoreContainer(line);
                break;
            case "container-replaced":
                Of(line).Definition = Definition(line);
                break;
            case "container-deleted":
                var gone = Of(line);
                foreach (var database in account.Databases)
                    if (database.Find(gone.Rid) is not null) account.DeleteContainer(database.Id, gone.Rid);
                byRid.Remove(gone.Rid);
                break;
            case "split":
                Of(line).Split(line.GetProperty("range").GetString()!);
                break;
            case "document":
                Put(Of(line), SnapshotRecord.ReadDocument(line, line.GetProperty("lsn").GetInt64()));
                break;
            case "commit":
                // A container that was deleted while a commit was under way may be gone already.
                if (byRid.TryGetValue(line.GetProperty("rid").GetString()!, out var container))
                    foreach (var write in line.GetProperty("writes").EnumerateArray()) Replay(container, write, line.GetProperty("lsn").GetInt64());
                break;
            default:
                throw new InvalidOperationException("an unknown kind of line");
        }
    }

    void RestoreContainer(JsonElement line)
    {
        var database = account.Database(line.GetProperty("database").GetString()!);
        var number = line.GetProperty("number").GetUInt32();
        var definition = Definition(line);
        var container = new Container(database.Number, number, definition, 1)
        {
            Documents = line.GetProperty("documents").GetInt64(),
            Tags = line.GetProperty("tags").GetInt64(),
        };
        container.Restore(
            line.GetProperty("ranges").EnumerateArray().Select(range => new PhysicalPartition(
                range.GetProperty("id").GetString()!,
                new EpkRange(range.GetProperty("min").GetString()!, range.GetProperty("max").GetString()!),
                [.. range.GetProperty("parents").EnumerateArray().Select(parent => parent.GetString()!)],
                definition.UniqueKeys)
            {
                Lsn = range.GetProperty("lsn").GetInt64(),
            }),
            line.GetProperty("layout").GetInt32());
        database.Add(container);
        database.NextContainer = Math.Max(database.NextContainer, number + 1);
        byRid.Add(container.Rid, container);
    }

    static void Replay(Container container, JsonElement write, long lsn)
    {
        if (!write.TryGetProperty("deleted", out var id))
        {
            Put(container, SnapshotRecord.ReadDocument(write, lsn));
            return;
        }

        var epk = write.GetProperty("epk").GetString()!;
        var partition = container.Owner(epk);
        if (partition.Logical(epk)?.Find(id.GetString()!) is { } existing) partition.Remove(existing);
        partition.Lsn = Math.Max(partition.Lsn, lsn);
    }

    static void Put(Container container, StoredDocument document)
    {
        // By key, not by the range it was committed in: a split may stand behind the first commit to a child.
        var partition = container.Owner(document.Epk);
        if (partition.Logical(document.Epk)?.Find(document.Id) is { } existing) partition.Remove(existing);
        partition.Add(document);
        partition.Lsn = Math.Max(partition.Lsn, document.Lsn);
        container.Documents = Math.Max(container.Documents, (long)document.Number);
        container.Tags = Math.Max(container.Tags, TagOf(document.ETag));
    }

    static long TagOf(string etag) =>
        long.Parse(etag.AsSpan(1, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        | (long.Parse(etag.AsSpan(10, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 32);

    Container Of(JsonElement line) => byRid[line.GetProperty("rid").GetString()!];

    static ContainerDefinition Definition(JsonElement line) =>
        ContainerDefinition.Parse(line.GetProperty("definition").Clone(), line.GetProperty("ts").GetInt64(), line.GetProperty("etag").GetString()!);
}
