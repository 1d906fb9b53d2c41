using System.Text.RegularExpressions;
using System.Xml.Linq;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.House;

/// <summary>Rules of the house that no compiler keeps.</summary>
public sealed partial class SourceTests
{
    [GeneratedRegex(@"\bDateTime(Offset)?\s*\.\s*(Now|UtcNow|Today)\b|\bTimeProvider\s*\.\s*System\b|\bEnvironment\s*\.\s*TickCount(64)?\b|\bStopwatch\b|\bGuid\s*\.\s*(NewGuid|CreateVersion7)\b|\bRandom\s*\.\s*Shared\b|\bnew\s+Random\b|\bRandomNumberGenerator\s*\.\s*(Create|Fill|Get\w+|Shuffle)\b|\bTask\s*\.\s*Delay\b|\bThread\s*\.\s*Sleep\b")]
    private static partial Regex Ambient { get; }

    [Fact]
    public void Core_asks_no_ambient_clock_and_no_ambient_randomness()
    {
        var files = Sources("CertFunctions.Core").ToList();

        Assert.True(files.Count > 30, "the sources were not found");
        Assert.All(files, file => Assert.Empty(Ambient.Matches(File.ReadAllText(file)).Select(m => $"{Path.GetFileName(file)}: {m.Value}")));
    }

    [Theory]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("DateTimeOffset.Now")]
    [InlineData("DateTimeOffset . UtcNow")]
    [InlineData("Guid.NewGuid()")]
    [InlineData("Guid.CreateVersion7()")]
    [InlineData("Random.Shared.Next()")]
    [InlineData("new Random(1)")]
    [InlineData("RandomNumberGenerator.Fill(salt)")]
    [InlineData("RandomNumberGenerator.GetBytes(32)")]
    [InlineData("Environment.TickCount64")]
    [InlineData("Stopwatch.GetTimestamp()")]
    [InlineData("TimeProvider.System")]
    public void What_that_test_looks_for_it_finds(string code) => Assert.Matches(Ambient, code);

    [Theory]
    [InlineData("RandomNumberGenerator random")]
    [InlineData("random.GetBytes(salt)")]
    [InlineData("clock.GetUtcNow()")]
    [InlineData("DateTimeOffset now")]
    [InlineData("new Guid(bytes)")]
    public void And_what_is_handed_in_it_lets_be(string code) => Assert.DoesNotMatch(Ambient, code);

    [Fact]
    public void References_run_one_way()
    {
        var references = Directory.GetFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(p => Path.GetFileNameWithoutExtension(p), References);

        Assert.Empty(references["CertFunctions.Core"]);
        Assert.Equal(["CertFunctions.Core"], references["CertFunctions.Http"]);
        Assert.Equal(["CertFunctions.Core"], references["CertFunctions.Sqlite"]);
        Assert.All(references, project => Assert.DoesNotContain("CertFunctions.App", project.Value));
    }

    [Fact]
    public void Core_needs_no_package()
    {
        var core = XDocument.Load(Repository.File("src", "CertFunctions.Core", "CertFunctions.Core.csproj"));

        Assert.DoesNotContain(core.Descendants(), e => e.Name.LocalName is "PackageReference" or "FrameworkReference");
    }

    static IEnumerable<string> Sources(string project) =>
        Directory.EnumerateFiles(Repository.File("src", project), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

    static string[] References(string project) =>
        [.. XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/'))).Order(StringComparer.Ordinal)];
}
