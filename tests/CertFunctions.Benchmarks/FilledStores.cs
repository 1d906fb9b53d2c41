using System.Buffers;
using System.Globalization;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>
/// Data folders with so and so many events, all chained: made when first asked for, kept under <c>--data</c> for the next run, otherwise gone at the end.
/// Every tenth event belongs to one hot subject. The others belong to subjects of 100 events, of which a thousand are active at a time: a subject's
/// events lie scattered over some 100 MB, each on a page of its own.
/// </summary>
sealed class FilledStores(string? kept) : IDisposable
{
    const int Active = 1000, EventsPerSubject = 100, Batch = 10_000;

    readonly Scratch? scratch = kept is null ? new Scratch() : null;

    public const string HotSubject = "hot";

    /// <summary>Subjects with their full 100 events in a store of this size.</summary>
    public static long Subjects(long events) => Math.Max(1, events * 9 / 10 / EventsPerSubject);

    /// <summary>The data folder; filled where it is not yet.</summary>
    public async Task<string> GetAsync(long events)
    {
        var folder = Path.Combine(kept ?? scratch!.Path, string.Create(CultureInfo.InvariantCulture, $"events-{events}"));
        var mark = Path.Combine(folder, "filled");
        if (File.Exists(mark))
            return folder;
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path.Combine(folder, "keys"));
        await WriteKeyAsync(Path.Combine(folder, "keys", "hmac-1.key"));
        await using (var store = SqliteStore.Open(new SqliteOptions { Path = Database(folder) }))
        {
            await AppendAsync(store, events);
            var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Workload.Keys));
            while (await pump.StepAsync(CancellationToken.None) > 0)
            {
            }

            // As if the file sink had it all: a service on this folder is not to begin by writing it out.
            await store.Positions.SaveAsync($"sink/file/{Workload.Org}", events.ToString(CultureInfo.InvariantCulture), CancellationToken.None);
        }

        await File.WriteAllTextAsync(mark, "");
        return folder;
    }

    /// <summary>A folder for another kind of store, kept with the others.</summary>
    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(kept ?? scratch!.Path, name)).FullName;

    public static string Database(string folder) => Path.Combine(folder, "certfn.db");

    /// <summary>The folder's ledger as lines, in a file beside it.</summary>
    public async Task<string> ExportAsync(long events)
    {
        var folder = await GetAsync(events);
        var path = Path.Combine(folder, "export.jsonl");
        if (File.Exists(path))
            return path;
        using var reader = new SqliteLedgerReader(Database(folder));
        await using (var file = File.Create(path + ".new"))
        {
            var lines = new ArrayBufferWriter<byte>(1 << 20);
            for (long next = 0; reader.Read(Workload.Org, next, 1000) is { Count: > 0 } entries; next += entries.Count)
            {
                lines.ResetWrittenCount();
                foreach (var entry in entries)
                    LedgerLine.Write(entry, lines);
                await file.WriteAsync(lines.WrittenMemory);
            }
        }

        File.Move(path + ".new", path);
        return path;
    }

    public void Dispose() => scratch?.Dispose();

    static async Task AppendAsync(SqliteStore store, long events)
    {
        // Two batches ahead of the writer: stamping and writing each keep a core busy.
        var under = new Queue<Task<IReadOnlyList<AppendOutcome>>>();
        for (long done = 0; done < events; done += Batch)
        {
            var batch = new Core.Events.StampedEvent[Math.Min(Batch, events - done)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = Workload.Stamped(Subject(done + i, events), done + i);
            under.Enqueue(store.Events.AppendAsync(batch, CancellationToken.None));
            if (under.Count > 2)
                await DoneAsync(under.Dequeue());
        }

        while (under.Count > 0)
            await DoneAsync(under.Dequeue());
    }

    static async Task DoneAsync(Task<IReadOnlyList<AppendOutcome>> batch)
    {
        if ((await batch).Any(o => o is not AppendOutcome.Appended))
            throw new InvalidOperationException("filling was refused");
    }

    static string Subject(long number, long events)
    {
        if (number % 10 == 0)
            return HotSubject;
        var active = Math.Min(Active, Subjects(events));
        var n = number - number / 10 - 1;
        var wave = n / (active * EventsPerSubject);
        return Workload.Certificate(wave * active + n % active);
    }

    static async Task WriteKeyAsync(string path)
    {
        await File.WriteAllTextAsync(path, Convert.ToHexStringLower(Workload.Key) + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
