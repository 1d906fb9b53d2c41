using System.Text.Json;
using CertFunctions.Http.Hosting;
using CertFunctions.Testing;
using Microsoft.Extensions.Configuration;

namespace CertFunctions.App.Tests.Support;

/// <summary>The settings of <c>local.settings.sample.json</c>, as the Core Tools hand them to the app: environment variables.</summary>
static class Sample
{
    public static IReadOnlyDictionary<string, string> Values { get; } = Read();

    /// <summary>The sample with changes: a value, or null to leave one out.</summary>
    public static IConfiguration With(params (string Name, string? Value)[] changes)
    {
        var values = Values.ToDictionary();
        foreach (var (name, value) in changes)
        {
            if (value is null)
                values.Remove(name);
            else
                values[name] = value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create(v.Key.Replace("__", ":", StringComparison.Ordinal), (string?)v.Value))).Build();
    }

    public static HostSettings Settings(params (string Name, string? Value)[] changes) => HostSettings.Read(With(changes));

    /// <summary>What is said of the sample with these changes.</summary>
    public static IReadOnlyList<string> Problems(params (string Name, string? Value)[] changes) => Assert.Throws<SettingsException>(() => HostSettings.Read(With(changes))).Problems;

    static Dictionary<string, string> Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.File("local.settings.sample.json")));
        return document.RootElement.GetProperty(nameof(Values)).EnumerateObject().ToDictionary(v => v.Name, v => v.Value.GetString()!);
    }
}
