namespace CertFunctions.LocalHost.Serve;

/// <summary>Tells the sink pumps that the ledger has grown, so that they need not ask all the time.</summary>
sealed class LedgerSignal
{
    volatile TaskCompletionSource grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next growth. Taken before looking, so that growth between the look and the wait is not missed.</summary>
    public Task Next => grown.Task;

    public void Raise() => Interlocked.Exchange(ref grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
