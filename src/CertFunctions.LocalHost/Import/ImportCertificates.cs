using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Import;

/// <summary>What an import did.</summary>
sealed record ImportReport
{
    /// <summary>Most problems that are kept one by one: what is imported may be larger than memory.</summary>
    const int MostKept = 1000;

    readonly List<(string Source, string Reason)> problems = [];

    /// <summary>Certificates found, each counted once however many files hold it.</summary>
    public int Found { get; private set; }

    public int New { get; set; }

    public int Duplicates { get; set; }

    /// <summary>Certificates that were already in another file of this import.</summary>
    public int Repeated { get; set; }

    /// <summary>The first of what could not be imported, and why.</summary>
    public IReadOnlyList<(string Source, string Reason)> Problems => problems;

    public int ProblemCount { get; private set; }

    /// <summary>The subject id of the first certificate found.</summary>
    public string? First { get; private set; }

    public void Add(string source, string reason)
    {
        ProblemCount++;
        if (problems.Count < MostKept)
            problems.Add((source, reason));
    }

    public void AddFound(string id)
    {
        Found++;
        First ??= id;
    }
}

/// <summary>Posts certificates as <c>cert.issued</c> events, in batches, one batch in memory at a time.</summary>
sealed class ImportCertificates(ApiClient api, string project, TimeProvider clock)
{
    const int BatchEvents = 500;

    /// <summary>Certificates remembered, so that copies are not sent. Of those past them the service says that they are recorded.</summary>
    const int MostRemembered = 100_000;

    readonly ArrayBufferWriter<byte> batch = new(256 * 1024);
    readonly List<(string Source, string Id, string Fingerprint)> sent = [];
    readonly HashSet<(string, string)> seen = [];
    readonly ImportReport report = new();

    public async Task<ImportReport> RunAsync(IAsyncEnumerable<ImportFinding> findings, Action<int>? progress, CancellationToken cancellationToken)
    {
        await foreach (var finding in findings.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            Add(finding);
            if (sent.Count == BatchEvents)
                await PostAsync(progress, cancellationToken).ConfigureAwait(false);
        }

        if (sent.Count > 0)
            await PostAsync(progress, cancellationToken).ConfigureAwait(false);
        return report;
    }

    void Add(ImportFinding finding)
    {
        switch (finding)
        {
            case ImportFinding.Found found:
                using (found.Certificate)
                {
                    var fingerprint = IssuedEvent.Fingerprint(found.Certificate);
                    Add(found.Source, fingerprint, fingerprint, output => IssuedEvent.Write(found.Certificate, clock.GetUtcNow(), output));
                }

                break;
            case ImportFinding.Listed listed:
                Add(listed.Source, listed.Certificate.Id, listed.Certificate.Fingerprint, output => IssuedEvent.Write(listed.Certificate, clock.GetUtcNow(), output));
                break;
            case ImportFinding.Unusable unusable:
                report.Add(unusable.Source, unusable.Reason);
                break;
        }
    }

    void Add(string source, string id, string fingerprint, Action<IBufferWriter<byte>> write)
    {
        if (seen.Contains((id, fingerprint)))
        {
            report.Repeated++;
            return;
        }

        if (seen.Count < MostRemembered)
            seen.Add((id, fingerprint));
        try
        {
            // Aside first: half a line must not get into the batch.
            var line = new ArrayBufferWriter<byte>(2048);
            write(line);
            batch.Write(line.WrittenSpan);
            sent.Add((source, id, fingerprint));
            report.AddFound(id);
        }
        catch (CryptographicException e)
        {
            report.Add(source, $"a certificate in it cannot be read: {e.Message}");
        }
    }

    async Task PostAsync(Action<int>? progress, CancellationToken cancellationToken)
    {
        using var answer = await api.PostLinesAsync($"/api/v1/projects/{Uri.EscapeDataString(project)}/events", batch.WrittenMemory, cancellationToken).ConfigureAwait(false);
        var lines = new LineReader(batch.WrittenMemory);
        foreach (var (result, (source, id, fingerprint)) in answer.RootElement.GetProperty("results").EnumerateArray().Zip(sent))
        {
            var line = lines.Next();
            var status = result.GetProperty("status").GetInt32();
            if (status == 201)
                report.New++;
            else if (status == 200)
                report.Duplicates++;
            else if (status == 409 && await IsRecordedAsync(id, fingerprint, line, cancellationToken).ConfigureAwait(false) is { } same)
            {
                if (same)
                    report.Duplicates++;
                else
                    report.Add(source, "this certificate is recorded with another validity, and one certificate has one: see which of the two is right");
            }
            else
                report.Add(source, Explain(result.GetProperty("problem")));
        }

        progress?.Invoke(sent.Count);
        batch.ResetWrittenCount();
        sent.Clear();
    }

    /// <summary>
    /// Whether the certificate recorded under this import's id is the one sent, told in other words: an inventory says less of a certificate than the certificate
    /// itself. Null where the record cannot be read with this key.
    /// </summary>
    async Task<bool?> IsRecordedAsync(string id, string fingerprint, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        using var sentEvent = JsonDocument.Parse(line);
        var path = $"/api/v1/projects/{Uri.EscapeDataString(project)}/certificates/{Uri.EscapeDataString(id)}/events?type=cert.issued&order=asc&limit=500";
        for (string? cursor = null; ;)
        {
            JsonDocument page;
            try
            {
                page = await api.GetJsonAsync(cursor is null ? path : $"{path}&cursor={cursor}", cancellationToken).ConfigureAwait(false);
            }
            catch (MendableException)
            {
                return null;
            }

            using (page)
            {
                foreach (var recorded in page.RootElement.GetProperty("events").EnumerateArray())
                {
                    if (recorded.GetProperty("id").GetString() == IssuedEvent.Id(fingerprint))
                        return Validity(recorded) == Validity(sentEvent.RootElement);
                }

                cursor = page.RootElement.GetProperty("next_cursor").GetString();
                if (cursor is null)
                    return null;
            }
        }
    }

    static (DateTimeOffset, DateTimeOffset) Validity(JsonElement e)
    {
        return (Time("not_before"), Time("not_after"));

        DateTimeOffset Time(string name) => e.GetProperty("data").TryGetProperty(name, out var value) && Rfc3339.TryParse(value.GetString(), out var time) ? time : default;
    }

    static string Explain(JsonElement problem) => problem.TryGetProperty("errors", out var errors)
        ? string.Join("; ", errors.EnumerateArray().Select(e => $"{e.GetProperty("field").GetString()} {e.GetProperty("mend").GetString()}"))
        : problem.GetProperty("detail").GetString() ?? "";

    /// <summary>The lines of a batch, one after the other.</summary>
    sealed class LineReader(ReadOnlyMemory<byte> rest)
    {
        public ReadOnlyMemory<byte> Next()
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = rest[..end];
            rest = rest[(end + 1)..];
            return line;
        }
    }
}
