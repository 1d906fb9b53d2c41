namespace CertFunctions.Benchmarks;

/// <summary>How much is measured.</summary>
sealed record Scale(bool Quick, FilledStores Stores)
{
    public int Rounds => Quick ? 3 : 9;

    /// <summary>Events of one round through the store.</summary>
    public int StoreEvents => Quick ? 10_000 : 40_000;

    public int ChainEvents => Quick ? 10_000 : 40_000;

    /// <summary>Entries of the ledger that verification is timed on.</summary>
    public long VerifyEntries => Quick ? 50_000 : 1_000_000;

    /// <summary>The sizes over which memory must be flat and a page no slower; the first is what the others are held against.</summary>
    public IReadOnlyList<long> PageSizes => Quick ? [10_000, 200_000] : [10_000, 1_000_000, 10_000_000];

    /// <summary>Certificates that are not due, few and many.</summary>
    public IReadOnlyList<long> SweepSizes => Quick ? [10_000, 100_000] : [100_000, 10_000_000];

    public IReadOnlyList<long> MemorySizes => Quick ? [50_000, 200_000] : [1_000_000, 10_000_000];

    public TimeSpan HttpTurn => TimeSpan.FromSeconds(Quick ? 1 : 3);
}

/// <summary>A folder of a benchmark's own, gone when it ends.</summary>
sealed class Scratch : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("certfunctions-bench-");

    public string Path => folder.FullName;

    public string File(string name) => System.IO.Path.Combine(folder.FullName, name);

    public void Dispose() => folder.Delete(recursive: true);
}
