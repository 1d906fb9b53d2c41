using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Http.Wire;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary><c>docs/api.md</c> and <c>docs/problems.md</c> say what the code does.</summary>
public sealed partial class DocumentTests
{
    static readonly string Api = File.ReadAllText(Repository.File("docs", "api.md"));

    static readonly string Problems = File.ReadAllText(Repository.File("docs", "problems.md"));

    [Fact]
    public async Task Every_call_has_its_heading_and_every_heading_its_call()
    {
        await using var service = await HttpService.StartAsync();
        Assert.Equal(
            service.Endpoints.All.Select(e => $"{e.Method} {Endpoints.Base}{e.Route}").Order(),
            Heading().Matches(Api).Select(m => m.Groups[1].Value).Order());
    }

    [Fact]
    public void Every_problem_the_code_makes_has_its_row_with_its_status_and_every_row_its_problem()
    {
        var rows = Row().Matches(Problems).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var made = Made();
        Assert.Equal(made.Select(p => p.Kind).Order(), rows.Keys.Order());
        Assert.All(made, problem => Assert.Contains(problem.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), rows[problem.Kind], StringComparison.Ordinal));
    }

    [Fact]
    public void A_problem_is_made_in_one_place_only() => Assert.DoesNotContain(
        Directory.EnumerateFiles(Repository.File("src"), "*.cs", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "Problem.cs"),
        file => File.ReadAllText(file).Contains("new Problem(", StringComparison.Ordinal));

    [Fact]
    public void Every_problem_and_every_type_that_is_named_exists()
    {
        var kinds = Made().Select(p => p.Kind).ToHashSet();
        Assert.All(ProblemType().Matches(Api).Select(m => m.Groups[1].Value), kind => Assert.Contains(kind, kinds));
        Assert.All(EventTypeMember().Matches(Api).Select(m => m.Groups[1].Value), type => Assert.True(Core.Events.Catalogue.EventCatalogue.TryFind(type, out _, out _), type));
    }

    [Fact]
    public void Every_example_is_JSON()
    {
        var examples = JsonBlock().Matches(Api).Select(m => m.Groups[1].Value).ToList();
        Assert.InRange(examples.Count, 8, 100);
        Assert.All(examples, example => JsonDocument.Parse(example).Dispose());
    }

    /// <summary>One of each problem there is: the properties, and the methods called with anything.</summary>
    static IReadOnlyList<Problem> Made()
    {
        var type = typeof(Problem);
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == type).Select(p => (Problem)p.GetValue(null)!);
        var methods = type.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.ReturnType == type && !m.IsSpecialName).Select(m => (Problem)m.Invoke(null, [.. m.GetParameters().Select(Anything)])!);
        return [.. properties, .. methods];
    }

    static object? Anything(ParameterInfo parameter) => parameter.ParameterType switch
    {
        { IsArray: true } array => Array.CreateInstance(array.GetElementType()!, 0),
        { IsInterface: true } => Array.Empty<Core.Events.FieldError>(),
        var t when t == typeof(string) => "",
        // The one status a method asks for is HTTP's own.
        var t when t == typeof(int) && parameter.Name == "status" => 400,
        var t => Activator.CreateInstance(t),
    };

    [GeneratedRegex("^### `([A-Z]+ [^`]+)`$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| `([a-z-]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("urn:certfunctions:problem:([a-z-]+)")]
    private static partial Regex ProblemType();

    [GeneratedRegex("\"type\":\"([a-z]+\\.[a-z_.]+)\"")]
    private static partial Regex EventTypeMember();

    [GeneratedRegex("^```json\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex JsonBlock();
}
