using System.Runtime.InteropServices;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// An archive in a folder, a file for each name. Bytes are written aside (in <c>~new/</c>), flushed, and linked to their name only if it is free; then the
/// folder is flushed. If we die before the link, nothing is under the name; after it, all of it is. What lies in <c>~new/</c> while nobody writes is left
/// over from such a death and may be deleted. A folder keeps out no one who may write to it: copy it elsewhere, or use blobs under a policy, for that.
/// </summary>
public sealed partial class FolderArchive(string root) : IArchive
{
    /// <summary>Nothing that is published is longer; a file that is was not written by us.</summary>
    public const int MaxBytes = Tree.EntryBundle.MaxBytes;

    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>EEXIST, the same on Linux and macOS.</summary>
    const int FileExists = 17;

    static int asides;

    readonly string root = Path.GetFullPath(root);

    public Task<ArchivePut> PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Put(PathOf(name), bytes.Span));
    }

    public Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        return Task.FromResult(Read(PathOf(name)) is { } bytes ? bytes : default(ReadOnlyMemory<byte>?));
    }

    public Task<IReadOnlyList<string>> ListAsync(string folder, string? after, int limit, CancellationToken cancellationToken)
    {
        if (folder.Length > 0)
            ArchiveName.ThrowIfNotName(folder);
        var path = folder.Length == 0 ? root : PathOf(folder);
        try
        {
            var found = new DirectoryInfo(path).EnumerateFileSystemInfos()
                .Where(i => ArchiveName.IsName(i.Name))
                .Select(i => i is DirectoryInfo ? i.Name + "/" : i.Name)
                .Where(n => after is null || string.CompareOrdinal(n, after) > 0)
                .Order(StringComparer.Ordinal).Take(limit);
            return Task.FromResult<IReadOnlyList<string>>([.. found]);
        }
        catch (DirectoryNotFoundException)
        {
            return Task.FromResult<IReadOnlyList<string>>([]);
        }
        catch (IOException) when (File.Exists(path))
        {
            return Task.FromResult<IReadOnlyList<string>>([]);
        }
    }

    /// <summary>A name's parts are checked, so that the path stays below the root.</summary>
    string PathOf(string name) => Path.Combine(root, name.Replace('/', Path.DirectorySeparatorChar));

    ArchivePut Put(string path, ReadOnlySpan<byte> bytes)
    {
        var outcome = Read(path) is { } before ? Compare(before, bytes) : Write(path, bytes);
        // Also when it was there: who wrote it may have died before this.
        if (outcome != ArchivePut.Differs)
            FlushFolder(Path.GetDirectoryName(path)!);
        return outcome;
    }

    ArchivePut Write(string path, ReadOnlySpan<byte> bytes)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        var aside = WriteAside(bytes);
        try
        {
            return Claim(aside, path) ? ArchivePut.Written : Compare(Read(path) ?? throw new IOException($"{path} came and went: something deletes from the archive"), bytes);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    /// <summary>
    /// Gives the file its name if the name is free, in one step of the system's; false where it is taken. Not <see cref="File.Move(string, string)"/>, which on Unix
    /// looks first and renames then: of two at once the second would put its file over the first's.
    /// </summary>
    static bool Claim(string aside, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(aside, path);
                return true;
            }
            catch (IOException) when (File.Exists(path))
            {
                return false;
            }
        }

        if (Native.Link(aside, path) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == FileExists ? false
            : throw new IOException($"{path} cannot be written: {Marshal.GetPInvokeErrorMessage(error)}. The archive's folder must be on a file system with hard links");
    }

    string WriteAside(ReadOnlySpan<byte> bytes)
    {
        var folder = Path.Combine(root, "~new");
        MakeFolder(folder);
        string path;
        do
            path = Path.Combine(folder, $"{Environment.ProcessId}-{Interlocked.Increment(ref asides)}");
        while (File.Exists(path));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        try
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
            return path;
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    static ArchivePut Compare(byte[] there, ReadOnlySpan<byte> bytes) => bytes.SequenceEqual(there) ? ArchivePut.Same : ArchivePut.Differs;

    static byte[]? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaxBytes)
                throw new IOException($"{path} is longer than anything that is published: it was not written by this archive");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes a folder and those above it, and flushes each new one's name.</summary>
    static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        var above = Path.GetDirectoryName(path)!;
        MakeFolder(above);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
        FlushFolder(above);
    }

    /// <summary>Makes names in a folder durable. .NET opens no folders; Windows needs no such flush.</summary>
    static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Native.Open(path, 0);
        var failed = descriptor < 0 || Native.Sync(descriptor) != 0;
        var error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
            _ = Native.Close(descriptor);
        if (failed)
            throw new IOException($"{path} cannot be flushed to the disk: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    static partial class Native
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "link", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static extern int Sync(int descriptor);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static extern int Close(int descriptor);
    }
}
