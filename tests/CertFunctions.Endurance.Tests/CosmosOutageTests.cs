using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

[Collection(nameof(CosmosProcesses))]
public sealed class CosmosOutageTests
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task The_service_outlives_its_account_and_goes_on_when_that_is_back()
    {
        using var folder = new TempFolder();
        using var emulator = await CosmosEmulatorProcess.StartNewAsync("--partitions", "4", "--snapshot", folder.File("account.jsonl"));
        await CosmosProvisioning.ProvisionAsync(new CosmosSettings { Connection = emulator.Connection }, default);
        var data = new DataFolder(folder.File("data"));
        var keys = ServiceKeys.LoadOrCreate(data);
        using var server = CosmosProcesses.NewServer(data, emulator);
        server.Start();
        using var http = new HttpClient { BaseAddress = server.Url, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys.ApiKey);
        await AnswersAsync("ready", () => http.GetAsync("/readyz"), 200);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(http, "before")).StatusCode);

        emulator.Kill();
        await AnswersAsync("not ready", () => http.GetAsync("/readyz"), 503);
        using (var refused = await PostAsync(http, "meanwhile"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz")).StatusCode);

        await emulator.StartAsync();
        await AnswersAsync("ready again", () => http.GetAsync("/readyz"), 200);
        await AnswersAsync("the same event again", () => PostAsync(http, "meanwhile"), 201);
        await AnswersAsync("an event from before", () => PostAsync(http, "before"), 200);
        await SpineUnderKill.UntilTheFileHoldsAsync(data, 2, server, new CancellationTokenSource(Deadline).Token);
        var (exitCode, output) = await ServerProcess.RunAsync("verify", server.Url.ToString(), "--data", data.Path);
        Assert.True(exitCode == 0, output);
        SpineUnderKill.AssertSiem(data, keys, 2);
    }

    static async Task<HttpResponseMessage> PostAsync(HttpClient http, string id)
    {
        using var content = new StringContent(Make.Json("c1", id), Encoding.UTF8, "application/json");
        return await http.PostAsync("/api/v1/projects/web/events", content);
    }

    static Task AnswersAsync(string what, Func<Task<HttpResponseMessage>> request, int status) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                using var response = await request();
                return (int)response.StatusCode == status;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        what,
        Deadline);
}
