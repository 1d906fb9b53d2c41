namespace CertFunctions.Testing;

/// <summary>The repository a test runs in, for tests that hold documents to the code.</summary>
public static class Repository
{
    /// <summary>The folder of <c>CertFunctions.sln</c>, above the test's own output.</summary>
    public static string Root { get; } = Find();

    public static string File(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "CertFunctions.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("no CertFunctions.sln above the test's output");
    }
}
