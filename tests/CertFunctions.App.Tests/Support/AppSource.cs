using System.Text.RegularExpressions;
using CertFunctions.Testing;

namespace CertFunctions.App.Tests.Support;

/// <summary>The app's sources, read: each function with its attributes, its trigger and the one expression it consists of.</summary>
static partial class AppSource
{
    public static readonly string Folder = Repository.File("src", "CertFunctions.App");

    public static IReadOnlyList<(string Name, string Text)> Files { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/'))
            .Where(f => !f.StartsWith("bin/", StringComparison.Ordinal) && !f.StartsWith("obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(f => (f, File.ReadAllText(Path.Combine(Folder, f)))),
    ];

    public static IReadOnlyList<Function> Functions { get; } = [.. Files.SelectMany(f => Read(f.Text))];

    /// <summary>A file's text without comments and without what stands in strings.</summary>
    public static string Code(string text) => Ignored().Replace(text, m => m.Value[0] == '/' ? "" : "\"\"");

    static IEnumerable<Function> Read(string text)
    {
        var constants = Constant().Matches(text).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value);
        return FunctionPattern().Matches(text).Select(m => new Function(
            m.Groups["name"].Value, m.Groups["summary"].Value, m.Groups["attributes"].Value, Resolve(m.Groups["parameters"].Value), m.Groups["body"].Value));

        // Routes are named once and used twice.
        string Resolve(string parameters) => RouteName().Replace(parameters, m => $"Route = \"{constants[m.Groups["name"].Value]}\"");
    }

    [GeneratedRegex(@"/// <summary>(?<summary>[^\n]*)</summary>\s*\[Function\(""(?<name>\w+)""\)\](?<attributes>(?:\s*\[[^\n]*\])*)\s*public [\w<>]+ \w+\((?<parameters>.*?)\) => (?<body>[^;]*);", RegexOptions.Singleline)]
    private static partial Regex FunctionPattern();

    [GeneratedRegex(@"const string (?<name>\w+) = ""(?<value>[^""]*)"";")]
    private static partial Regex Constant();

    [GeneratedRegex(@"Route = (?<name>\w+)")]
    private static partial Regex RouteName();

    [GeneratedRegex(@"//[^\n]*|""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Ignored();
}

/// <summary>One function as it stands in the source.</summary>
sealed partial record Function(string Name, string Summary, string Attributes, string Parameters, string Body)
{
    /// <summary>Method and path, for one with an HTTP trigger.</summary>
    public (string Method, string Path)? Http => HttpPattern().Match(Parameters) is { Success: true } m ? (m.Groups["method"].Value.ToUpperInvariant(), "/" + m.Groups["route"].Value) : null;

    public bool IsFeed => Parameters.Contains("[CosmosDBTrigger(", StringComparison.Ordinal);

    public bool IsTimer => Parameters.Contains("[TimerTrigger(", StringComparison.Ordinal);

    [GeneratedRegex(@"\[HttpTrigger\(AuthorizationLevel\.Anonymous, ""(?<method>\w+)"", Route = ""(?<route>[^""]+)""\)\] HttpRequest request")]
    private static partial Regex HttpPattern();
}
