using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

/// <summary>
/// A client that posts its events one after the other, singly and in batches in turn, and submits again until each is answered with 2xx. It keeps
/// every answer it ever got, so that two answers for one event can be compared.
/// </summary>
sealed class PersistentWriter(Uri url, string apiKey, int number, int events, int subjects)
{
    const int Batch = 5;

    /// <summary>(event id, subject) to the seq it was acknowledged with.</summary>
    public ConcurrentDictionary<(string Id, string Subject), long> Acknowledged { get; } = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        for (var next = 0; next < events;)
        {
            var count = next % 4 == 0 ? Math.Min(Batch, events - next) : 1;
            var batch = Enumerable.Range(next, count).Select(i => (Id: $"w{number}-{i}", Subject: $"c{(i * 31 + number) % subjects}")).ToList();
            while (!await TryPostAsync(http, batch, cancellationToken))
                await Task.Delay(15, cancellationToken);
            next += count;
        }
    }

    /// <summary>False when there was no answer to rely on: the connection broke, or the service was not up.</summary>
    async Task<bool> TryPostAsync(HttpClient http, List<(string Id, string Subject)> batch, CancellationToken cancellationToken)
    {
        var lines = string.Concat(batch.Select(e => Make.Json(e.Subject, e.Id) + "\n"));
        using var content = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        try
        {
            using var response = await http.PostAsync("/api/v1/projects/web/events", content, cancellationToken);
            if ((int)response.StatusCode == 503)
                return false;
            Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            var results = answer.RootElement.GetProperty("results").EnumerateArray().ToList();
            for (var i = 0; i < batch.Count; i++)
            {
                var seq = results[i].GetProperty("seq").GetInt64();
                Assert.Equal(seq, Acknowledged.GetOrAdd((batch[i].Id, batch[i].Subject), seq));
            }

            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
