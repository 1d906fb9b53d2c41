namespace CertFunctions.Testing.Faults;

/// <summary>How the chosen write goes wrong.</summary>
public enum Fault
{
    /// <summary>It is refused: nothing is written, and the caller gets an error.</summary>
    Refused,

    /// <summary>It lands, and the caller gets an error all the same: the answer was lost.</summary>
    LandedButReportedFailed,
}

/// <summary>The error a planned fault ends in.</summary>
public sealed class InjectedFaultException(string what) : IOException(what);

/// <summary>Counts the writes that pass, and lets the one with the chosen number go wrong. Numbers begin at 1; 0 lets all pass.</summary>
public sealed class FaultPlan(int failing = 0, Fault fault = Fault.Refused)
{
    int writes;

    public int Writes => writes;

    /// <summary>The name of the write that went wrong.</summary>
    public string? Failed { get; private set; }

    public async Task<T> RunAsync<T>(string name, Func<Task<T>> write)
    {
        if (Interlocked.Increment(ref writes) != failing)
            return await write();
        Failed = name;
        if (fault == Fault.LandedButReportedFailed)
            await write();
        throw new InjectedFaultException($"write {failing}, {name}: {fault}");
    }
}
