using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Snapshots;

/// <summary>
/// A snapshot file and the journal of what came after it. A snapshot names its journal by generation, so dying anywhere
/// between writing the one and starting the other neither loses nor repeats a write. The journal is handed to the
/// operating system before an answer leaves: it survives a killed process, not a power cut.
/// </summary>
sealed class SnapshotStore(string file) : IJournal, IDisposable
{
    readonly Lock gate = new();
    FileStream? inUse;
    FileStream? journal;
    long generation;

    /// <exception cref="IOException">Another emulator has the file, or it cannot be read.</exception>
    public void Open(Account account)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
        // A second emulator on the same file would start the next journal and strand the first one's.
        inUse = new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        if (File.Exists(file)) Load(account);
        else if (File.Exists(JournalOf(0))) Replay(new SnapshotLoader(account), 0);
        Save(account);
    }

    /// <summary>
    /// Writes everything to a new file, renames it over the old one, and starts the next journal. Only while no requests
    /// are served: before the first and after the last.
    /// </summary>
    public void Save(Account account)
    {
        // Not under the gate: a commit takes its partition's first and this one second, and writing takes the partitions'.
        var temporary = file + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            WriteAll(stream, account, generation + 1);
            stream.Flush(flushToDisk: true);
        }

        lock (gate)
        {
            File.Move(temporary, file, overwrite: true);
            // Dying here leaves the old journal behind; the new snapshot does not name it, so it is never read again.
            journal?.Dispose();
            File.Delete(JournalOf(generation));
            generation++;
            journal = new FileStream(JournalOf(generation), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        }
    }

    public void DatabaseCreated(Database database) => Append(writer => SnapshotRecord.Database(writer, database));

    public void DatabaseDeleted(Database database) => Append(writer => SnapshotRecord.DatabaseDeleted(writer, database));

    public void ContainerCreated(Database database, Container container) => Append(writer => SnapshotRecord.Container(writer, database, container));

    public void ContainerReplaced(Container container) => Append(writer => SnapshotRecord.ContainerReplaced(writer, container));

    public void ContainerDeleted(Container container) => Append(writer => SnapshotRecord.ContainerDeleted(writer, container));

    public void RangeSplit(Container container, PhysicalPartition parent, PhysicalPartition left, PhysicalPartition right) =>
        Append(writer => SnapshotRecord.Split(writer, container, parent));

    public void Committed(Container container, Commit commit) => Append(writer => SnapshotRecord.Commit(writer, container, commit));

    public void Dispose()
    {
        lock (gate)
        {
            journal?.Dispose();
            journal = null;
            inUse?.Dispose();
            inUse = null;
        }
    }

    void Load(Account account)
    {
        var loader = new SnapshotLoader(account);
        loader.Load(file, mayBeTorn: false);
        Replay(loader, loader.Generation);
    }

    void Replay(SnapshotLoader loader, long number)
    {
        if (File.Exists(JournalOf(number))) loader.Load(JournalOf(number), mayBeTorn: true);
        generation = number;
    }

    void Append(Action<Utf8JsonWriter> write)
    {
        lock (gate)
        {
            // Loading replays through the same account, before there is a journal to write to.
            if (journal is null) return;
            journal.Write(JsonText.Write(write));
            journal.WriteByte((byte)'\n');
            journal.Flush();
        }
    }

    string JournalOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{file}.journal.{number}");

    static void WriteAll(FileStream stream, Account account, long generation)
    {
        Line(stream, writer => SnapshotRecord.Head(writer, generation));
        foreach (var database in account.Databases)
        {
            Line(stream, writer => SnapshotRecord.Database(writer, database));
            foreach (var container in account.ContainersOf(database))
            {
                Line(stream, writer => SnapshotRecord.Container(writer, database, container));
                foreach (var partition in container.Partitions)
                    lock (partition.Gate)
                        foreach (var document in partition.ChangesAfter(-1))
                            Line(stream, writer => SnapshotRecord.Document(writer, container, document));
            }
        }
    }

    static void Line(FileStream stream, Action<Utf8JsonWriter> write)
    {
        stream.Write(JsonText.Write(write));
        stream.WriteByte((byte)'\n');
    }
}
