namespace CertFunctions.Core.Tests.Support;

/// <summary>Files of this repository, found from where the tests run.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CertFunctions.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no CertFunctions.sln above {AppContext.BaseDirectory}");
    }
}
