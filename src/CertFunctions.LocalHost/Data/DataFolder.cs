using CertFunctions.Core.Publishing;

namespace CertFunctions.LocalHost.Data;

/// <summary>Something a person has to mend before the program can go on: a message that says how, and the exit code.</summary>
sealed class MendableException(string message, Exception? inner = null, int exitCode = ExitCode.Failed) : Exception(message, inner)
{
    public int ExitCode => exitCode;
}

/// <summary>What the program's exit codes mean; <c>certfn --help</c> lists them.</summary>
static class ExitCode
{
    public const int Ok = 0;

    /// <summary>It ran, and what it found is not good: a ledger that is not valid, files that could not be imported.</summary>
    public const int NotGood = 1;

    /// <summary>It was asked wrongly.</summary>
    public const int Usage = 2;

    /// <summary>It could not run: no data folder, no service, no room.</summary>
    public const int Failed = 3;
}

/// <summary>
/// The folder a local service lives in: <c>certfn.db</c>, <c>keys/</c>, <c>siem/</c>, <c>archive/</c>, <c>log-name</c>, and
/// <c>certfn.lock</c>, which the one process that writes holds open. Everything is readable by its owner only.
/// </summary>
sealed class DataFolder(string path)
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Database => System.IO.Path.Combine(Path, "certfn.db");

    public string Keys => System.IO.Path.Combine(Path, "keys");

    /// <summary>Where tiles and checkpoints are published, unless elsewhere.</summary>
    public string Archive => System.IO.Path.Combine(Path, "archive");

    public string Siem => System.IO.Path.Combine(Path, "siem");

    /// <summary>What a witness has cosigned.</summary>
    public string WitnessState => System.IO.Path.Combine(Path, "witness.db");

    /// <summary>Where a running service says at which address it listens, for the verbs beside it.</summary>
    public string Address => System.IO.Path.Combine(Path, "address");

    /// <summary>Where data goes when nobody says: <c>CERTFN_DATA</c>, or the user's own application data.</summary>
    public static string Default => Environment.GetEnvironmentVariable("CERTFN_DATA") is { Length: > 0 } named
        ? named
        : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "certfn");

    /// <summary>Makes the folder where it is not there, and takes hold of it until the lock is disposed.</summary>
    public IDisposable Take() => Take(Database, WitnessState, "a witness's");

    /// <summary>The same for a witness. A folder is one or the other: the two must not share a holder.</summary>
    public IDisposable TakeForWitness() => Take(WitnessState, Database, "a service's");

    IDisposable Take(string database, string other, string whose)
    {
        try
        {
            CreateOwnerOnly(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The data folder {Path} cannot be made: {e.Message} Choose another with --data.", e);
        }

        try
        {
            // Held open, not merely present: the system lets go of it whatever kills us.
            var hold = OpenOwnerOnly(System.IO.Path.Combine(Path, "certfn.lock"));
            if (File.Exists(other))
            {
                hold.Dispose();
                throw new MendableException($"The data folder {Path} is {whose}: choose another with --data.");
            }

            // Made here, empty, because SQLite would let others read it; the files it puts beside it take this one's mode.
            if (!File.Exists(database))
                OpenOwnerOnly(database).Dispose();
            return hold;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new MendableException($"The data folder {Path} cannot be written: make it writable for this user, or choose another with --data.", e);
        }
        catch (IOException e)
        {
            throw new MendableException(IsReadOnly(e)
                ? $"The data folder {Path} cannot be written: make it writable for this user, or choose another with --data."
                : $"The data folder {Path} is in use by another certfn: stop that one, or choose another folder with --data.", e);
        }
    }

    /// <summary>What this folder's service is called among those that share a database; made once.</summary>
    public string Instance() => SecretFile.LoadOrCreate(System.IO.Path.Combine(Path, "instance"), () => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6)));

    /// <summary>
    /// What this folder's log is called in its checkpoints: <paramref name="wanted"/>, or a name made at the first start. Kept from then on, since another name
    /// is another log: one that is asked for and differs is refused.
    /// </summary>
    public LogName LogName(string? wanted)
    {
        var file = System.IO.Path.Combine(Path, "log-name");
        if (wanted is not null && !Core.Publishing.LogName.TryParse(wanted, out _))
            throw new MendableException($"'{wanted}' cannot be a log's name: write {Core.Publishing.LogName.Grammar}, with --log-name.", exitCode: ExitCode.Usage);
        var kept = SecretFile.LoadOrCreate(file, () => wanted ?? $"certfn.local/{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4))}");
        if (wanted is not null && wanted != kept)
            throw new MendableException($"This folder's log is called {kept} and is published under that name: leave --log-name out, or begin another log in another folder.", exitCode: ExitCode.Usage);
        return Core.Publishing.LogName.TryParse(kept, out var name) ? name : throw new MendableException($"{file} does not hold the name of a log: restore it from a backup.");
    }

    public static void CreateOwnerOnly(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly);
    }

    static FileStream OpenOwnerOnly(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    static bool IsReadOnly(IOException e) => e.Message.Contains("ead-only", StringComparison.Ordinal);
}
