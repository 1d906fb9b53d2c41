using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CertFunctions.App.Tests.Support;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Timers;
using CertFunctions.Cosmos;
using CertFunctions.Http;
using CertFunctions.Http.Hosting;
using CertFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.App.Tests;

/// <summary>The app decides nothing: each function hands over to one handler, each call and each job has its function, and what the platform must be told it is told.</summary>
public sealed partial class FunctionsTests
{
    [GeneratedRegex(@"^(endpoints|probes|chain|forward|run)\.HandleAsync\([\w""-]+, \w+\)$")]
    private static partial Regex OneCall { get; }

    [GeneratedRegex(@"\b(for|foreach|while|do|switch|goto|lock)\b")]
    private static partial Regex Logic { get; }

    [GeneratedRegex(@"\bif\s*\(")]
    private static partial Regex Condition { get; }

    [GeneratedRegex(@"%(?<name>\w+)%")]
    private static partial Regex Placeholder { get; }

    [Fact]
    public void Every_function_is_one_call_of_one_handler()
    {
        Assert.Equal(AppSource.Files.Sum(f => Regex.Count(f.Text, @"\[Function\(")), AppSource.Functions.Count);
        Assert.All(AppSource.Functions, f => Assert.Matches(OneCall, f.Body));
        Assert.Equal(AppSource.Functions.Count, AppSource.Functions.Select(f => f.Name).Distinct().Count());
    }

    [Theory]
    [InlineData("endpoints.HandleAsync(request, Sinks).ContinueWith(x)")]
    [InlineData("batch.Count > 0 ? chain.HandleAsync(batch, cancellationToken) : Task.CompletedTask")]
    [InlineData("chain.HandleAsync(batch.Where(d => true), cancellationToken)")]
    public void What_would_be_more_than_that_is_found(string body) => Assert.DoesNotMatch(OneCall, body);

    [Fact]
    public void There_is_no_loop_and_no_choice_but_where_telemetry_goes()
    {
        Assert.All(AppSource.Files, f => Assert.Empty(Logic.Matches(AppSource.Code(f.Text))));
        Assert.All(AppSource.Files.Where(f => f.Name != "Telemetry/TelemetryExport.cs"), f => Assert.Empty(Condition.Matches(AppSource.Code(f.Text))));
    }

    [Fact]
    public void Every_call_of_the_API_and_every_probe_has_its_function_and_none_more()
    {
        using var services = Services();
        var calls = services.GetRequiredService<Endpoints>().All.Select(e => (e.Method, Path: Endpoints.Base + e.Route));
        var probes = services.GetRequiredService<Probes>().All.Select(e => (e.Method, Path: e.Route));

        Assert.Equal(
            calls.Concat(probes).Select(c => $"{c.Method} {c.Path}").Order(StringComparer.Ordinal),
            AppSource.Functions.Where(f => f.Http is not null).Select(f => $"{f.Http!.Value.Method} {f.Http.Value.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_job_has_its_timer_and_every_timer_its_job()
    {
        using var services = Services();
        var timers = AppSource.Functions.Where(f => f.IsTimer).ToList();

        Assert.Equal(
            services.GetServices<ITimedJob>().Select(j => $"run.HandleAsync(\"{j.Name}\", cancellationToken)").Order(StringComparer.Ordinal),
            timers.Select(f => f.Body).Order(StringComparer.Ordinal));
        Assert.All(timers, f => Assert.Matches(@"^\[TimerTrigger\(""%\w+Schedule%""\)\]", f.Parameters));
    }

    [Fact]
    public void Both_feeds_are_retried_for_ever_begin_at_the_beginning_and_have_leases_of_their_own()
    {
        var feeds = AppSource.Functions.Where(f => f.IsFeed).ToList();

        Assert.Equal(2, feeds.Count);
        Assert.All(feeds, f => Assert.Contains("[ExponentialBackoffRetry(-1, \"00:00:01\", \"00:05:00\")]", f.Attributes, StringComparison.Ordinal));
        Assert.All(feeds, f => Assert.Contains("StartFromBeginning = true", f.Parameters, StringComparison.Ordinal));
        Assert.All(feeds, f => Assert.DoesNotContain("StartFromTime", f.Parameters, StringComparison.Ordinal));
        Assert.All(feeds, f => Assert.Contains("CreateLeaseContainerIfNotExists = false", f.Parameters, StringComparison.Ordinal));
        Assert.All(feeds, f => Assert.Contains("LeaseContainerName = CosmosLayout.Leases", f.Parameters, StringComparison.Ordinal));
        Assert.All(feeds, f => Assert.Contains("Connection = \"Cosmos\"", f.Parameters, StringComparison.Ordinal));
        Assert.Equal(2, feeds.Select(f => Regex.Match(f.Parameters, @"LeaseContainerPrefix = ""%\w+%""").Value).Where(p => p.Length > 0).Distinct().Count());
    }

    [Fact]
    public void Every_function_says_what_happens_when_it_is_run_twice() => Assert.All(AppSource.Functions, f => Assert.Matches(@"\b[Tt]wice\b", f.Summary));

    [Fact]
    public void Every_placeholder_of_a_trigger_is_a_setting_both_in_the_sample_and_in_the_cloud()
    {
        var placeholders = AppSource.Files.SelectMany(f => Placeholder.Matches(f.Text)).Select(m => m.Groups["name"].Value).Distinct().ToList();

        Assert.InRange(placeholders.Count, 5, 50);
        Assert.All(placeholders, name => Assert.Equal(SettingPlace.Both, Assert.Single(Settings.All, s => s.Name == name).Place));
    }

    [Fact]
    public void The_app_reads_no_setting_by_itself() =>
        Assert.All(AppSource.Files, f => Assert.DoesNotMatch(@"GetEnvironmentVariable|Configuration\[|GetValue|GetSection|GetConnectionString", f.Text));

    [Fact]
    public void Host_json_has_the_same_paths_as_the_local_host_and_says_how_to_trace()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppSource.Folder, "host.json")));
        var host = document.RootElement;

        Assert.Equal("2.0", host.GetProperty("version").GetString());
        Assert.Equal("OpenTelemetry", host.GetProperty("telemetryMode").GetString());
        Assert.Equal("", host.GetProperty("extensions").GetProperty("http").GetProperty("routePrefix").GetString());
        // An emulator is a gateway and nothing else, and an account takes it as well.
        Assert.Equal("Gateway", host.GetProperty("extensions").GetProperty("cosmosDB").GetProperty("connectionMode").GetString());
        Assert.True(host.GetProperty("healthMonitor").GetProperty("enabled").GetBoolean());
        // A call of the forwarder goes on for three minutes; the host ends what takes longer than this, and the worker with it.
        Assert.InRange(TimeSpan.Parse(host.GetProperty("functionTimeout").GetString()!, System.Globalization.CultureInfo.InvariantCulture), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30));
    }

    [Fact]
    public void The_project_brings_host_json_publishes_no_local_settings_and_has_a_version_for_each_package()
    {
        var project = XDocument.Load(Path.Combine(AppSource.Folder, "CertFunctions.App.csproj"));
        var versions = XDocument.Load(Repository.File("Directory.Packages.props")).Descendants("PackageVersion").Select(v => v.Attribute("Include")!.Value).ToHashSet();

        Assert.Equal("PreserveNewest", Item("host.json").Attribute("CopyToOutputDirectory")!.Value);
        Assert.Equal("Never", Item("local.settings.json").Attribute("CopyToPublishDirectory")!.Value);
        Assert.Equal("true", project.Descendants("PublishReadyToRun").Single().Value);
        Assert.All(project.Descendants("PackageReference"), p => Assert.Contains(p.Attribute("Include")!.Value, versions));

        XElement Item(string name) => project.Descendants("None").Single(n => n.Attribute("Update")!.Value == name);
    }

    /// <summary>The app's composition. Nothing in it connects before it is asked.</summary>
    static ServiceProvider Services()
    {
        var settings = Sample.Settings();
        return Compose(settings).AddArchive(settings.Archive, _ => new FolderArchive("unused")).BuildServiceProvider();
    }

    static IServiceCollection Compose(HostSettings settings) =>
        new ServiceCollection().AddLogging().AddCertFunctions(settings).AddCosmos(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase });
}
