using CertFunctions.Core.Events;
using CertFunctions.Core.Timers;

namespace CertFunctions.Sqlite;

/// <summary>
/// Leases, kept among the readers' positions under <c>lease/NAME</c> as <c>until holder</c>. Looking and writing are one unit of the one writer, so nothing comes
/// between.
/// </summary>
sealed class SqliteLeases(SqliteWriter writer, TimeProvider clock) : ILeases
{
    public Task<bool> TryTakeAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return ChangeAsync(name, lease => lease is not { } there || there.MayTake(holder, now, timeToLive), new Lease(holder, now + timeToLive), cancellationToken);
    }

    public Task<bool> RenewAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return ChangeAsync(name, lease => lease?.IsHeldBy(holder, now) == true, new Lease(holder, now + timeToLive), cancellationToken);
    }

    // One that has run out and one that was never taken are the same to everyone.
    public Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken) =>
        ChangeAsync(name, lease => lease?.Holder == holder, new Lease(holder, DateTimeOffset.UnixEpoch), cancellationToken);

    async Task<bool> ChangeAsync(string name, Func<Lease?, bool> may, Lease next, CancellationToken cancellationToken)
    {
        var unit = new ChangeLease($"lease/{name}", may, next);
        while (!writer.TryEnqueue(unit))
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        return await unit.Done.ConfigureAwait(false);
    }
}

/// <summary>Writes a lease where the one that is there allows it.</summary>
sealed class ChangeLease(string reader, Func<Lease?, bool> may, Lease next) : WriteUnit
{
    readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool changed;

    public Task<bool> Done => done.Task;

    public override void Apply(WriteSession session)
    {
        changed = may(Find(session));
        if (changed)
            session.SavePosition.Bind(1, reader).Bind(2, $"{Rfc3339.Format(next.Until)} {next.Holder}").Run();
    }

    Lease? Find(WriteSession session)
    {
        var find = session.FindPosition.Bind(1, reader);
        try
        {
            return find.Step() && find.Text(0).Split(' ', 2) is [var until, var holder] && Rfc3339.TryParse(until, out var time) ? new Lease(holder, time) : null;
        }
        finally
        {
            find.Reset();
        }
    }

    public override void Settle() => done.SetResult(changed);

    public override void Fail(Exception e) => done.SetException(e);
}
