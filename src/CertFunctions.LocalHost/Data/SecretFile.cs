using System.Security.Cryptography;
using System.Text;

namespace CertFunctions.LocalHost.Data;

/// <summary>
/// A secret in a file that only its owner may read. Written aside, flushed, and moved into place: a start that is killed in the middle leaves
/// either no secret or a whole one, never half of one.
/// </summary>
static class SecretFile
{
    const UnixFileMode OwnerReads = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The secret in the file, made by <paramref name="make"/> where there is none yet.</summary>
    public static string LoadOrCreate(string path, Func<string> make)
    {
        if (!File.Exists(path))
            Create(path, make());
        return Load(path);
    }

    public static string Load(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerReads) != 0)
                throw new MendableException($"{path} may be read by others: run 'chmod 600 {path}', and make a new secret if someone may have seen it.");
            return File.ReadAllText(path, Encoding.UTF8).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MendableException($"{path} is not there: name the data folder of a service that has been started with --data.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be read: {e.Message} Run this as the user who started the service.", e);
        }
    }

    public static string RandomHex() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    static void Create(string path, string secret)
    {
        var aside = $"{path}.{Environment.ProcessId}.new";
        try
        {
            DataFolder.CreateOwnerOnly(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerReads;
            using (var file = new FileStream(aside, options))
            {
                file.Write(Encoding.UTF8.GetBytes(secret + "\n"));
                file.Flush(flushToDisk: true);
            }

            File.Move(aside, path, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be written: {e.Message} Make the data folder writable for this user, or choose another with --data.", e);
        }
    }
}
