using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>
/// Something to write, whole or not at all. <see cref="Apply"/> runs inside a transaction that may hold other units too, and may run again in
/// one of its own when that transaction fails; exactly one of <see cref="Settle"/> and <see cref="Fail"/> follows.
/// </summary>
abstract class WriteUnit
{
    /// <summary>Events it carries, for bounding a group.</summary>
    public virtual int Events => 1;

    public virtual long Bytes => 256;

    public abstract void Apply(WriteSession session);

    /// <summary>It is durable.</summary>
    public abstract void Settle();

    /// <summary>It is not, as far as SQLite knows; whoever asked finds out by asking again.</summary>
    public abstract void Fail(Exception e);
}

/// <summary>
/// The one writer of the database: a thread that commits whatever waits together, so a flush to disk is paid per group and not per request.
/// If we die before COMMIT returns, nobody was answered; if we die after it, the group is durable and whoever got no answer asks again.
/// </summary>
sealed class SqliteWriter : IAsyncDisposable
{
    const int GroupEvents = 10_000;
    const long GroupBytes = 8 * 1024 * 1024;

    readonly SqliteOptions options;
    readonly Channel<WriteUnit> queue = Channel.CreateUnbounded<WriteUnit>(new UnboundedChannelOptions { SingleReader = true });
    readonly SqliteConnection connection;
    readonly WriteSession session;
    readonly Thread thread;
    readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int queuedEvents;
    long queuedBytes;

    public SqliteWriter(SqliteOptions options)
    {
        this.options = options;
        connection = SqliteDatabase.OpenWriter(options);
        session = new WriteSession(connection, options.Policies);
        thread = new Thread(Loop) { IsBackground = true, Name = "sqlite-writer" };
        thread.Start();
    }

    /// <summary>Called on the writer's thread after each commit that added events, with the highest position among them.</summary>
    public event Action<long>? Committed;

    /// <summary>False when the queue is full; the unit is then untouched.</summary>
    public bool TryEnqueue(WriteUnit unit)
    {
        // Counted before it is queued: the writer may be done with it before we get to count.
        var events = Interlocked.Add(ref queuedEvents, unit.Events);
        var bytes = Interlocked.Add(ref queuedBytes, unit.Bytes);
        if (events > options.QueueEvents || bytes > options.QueueBytes)
        {
            Forget(unit);
            return false;
        }

        if (queue.Writer.TryWrite(unit))
            return true;
        Forget(unit);
        throw new ObjectDisposedException(nameof(SqliteWriter), "the store is closing");
    }

    /// <summary>Writes what waits, then closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stopped.Task.ConfigureAwait(false);
    }

    void Loop()
    {
        var group = new List<WriteUnit>();
        try
        {
            while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                Gather(group);
                Commit(group);
                group.Clear();
            }
        }
        finally
        {
            session.Dispose();
            connection.Dispose();
            stopped.SetResult();
        }
    }

    void Gather(List<WriteUnit> group)
    {
        var events = 0;
        long bytes = 0;
        while (events < GroupEvents && bytes < GroupBytes && queue.Reader.TryRead(out var unit))
        {
            group.Add(unit);
            events += unit.Events;
            bytes += unit.Bytes;
        }
    }

    void Commit(List<WriteUnit> group)
    {
        if (TryCommit(group, out var error))
            Settle(group);
        else if (group.Count == 1)
            Fail(group[0], error);
        else
        {
            // One of them may be the reason (too much for the disk, say): each alone, so that only that one fails.
            foreach (var unit in group)
            {
                if (TryCommit([unit], out var alone))
                    Settle([unit]);
                else
                    Fail(unit, alone);
            }
        }
    }

    bool TryCommit(IReadOnlyList<WriteUnit> units, out Exception error)
    {
        try
        {
            session.Begin();
            foreach (var unit in units)
                unit.Apply(session);
            session.Commit();
            error = null!;
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the callers of these units, and the writer must live on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            session.Rollback();
            error = e;
            return false;
        }
    }

    void Settle(IReadOnlyList<WriteUnit> units)
    {
        foreach (var unit in units)
            Forget(unit);
        if (session.HighestEvent > 0)
            Committed?.Invoke(session.HighestEvent);
        foreach (var unit in units)
            unit.Settle();
    }

    void Fail(WriteUnit unit, Exception e)
    {
        Forget(unit);
        unit.Fail(e);
    }

    void Forget(WriteUnit unit)
    {
        Interlocked.Add(ref queuedEvents, -unit.Events);
        Interlocked.Add(ref queuedBytes, -unit.Bytes);
    }

    /// <summary>Whether SQLite said that there is no room.</summary>
    public static bool IsFull(Exception e) => e is SqliteException { SqliteErrorCode: raw.SQLITE_FULL };
}
