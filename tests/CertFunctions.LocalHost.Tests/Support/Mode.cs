namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>Modes of files as people write them: three octal digits.</summary>
static class Mode
{
    public static string Of(string path) => OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : Convert.ToString((int)File.GetUnixFileMode(path), 8);

    public static void Set(string path, string mode)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
    }

    /// <summary>Skips the test, visibly, where files have no modes.</summary>
    public static void Needed() => Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes");
}
