using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.LocalHost.Client;

namespace CertFunctions.LocalHost.Import;

/// <summary>What an import did.</summary>
sealed record ImportReport
{
    /// <summary>Certificates found, each counted once however many files hold it.</summary>
    public int Found { get; set; }

    public int New { get; set; }

    public int Duplicates { get; set; }

    /// <summary>Certificates that were already in another file of this import.</summary>
    public int Repeated { get; set; }

    /// <summary>What could not be imported, and why.</summary>
    public List<(string Source, string Reason)> Problems { get; } = [];

    /// <summary>The subject ids of the certificates, in the order found.</summary>
    public List<string> Fingerprints { get; } = [];
}

/// <summary>Posts certificates as <c>cert.issued</c> events, in batches.</summary>
sealed class ImportCertificates(ApiClient api, string project)
{
    const int BatchEvents = 500;

    public async Task<ImportReport> RunAsync(IEnumerable<ImportFinding> findings, Action<int>? progress, CancellationToken cancellationToken)
    {
        var report = new ImportReport();
        var seen = new HashSet<string>();
        var batch = new ArrayBufferWriter<byte>(256 * 1024);
        var sources = new List<string>();
        foreach (var finding in findings)
        {
            if (finding is ImportFinding.Unusable unusable)
                report.Problems.Add((unusable.Source, unusable.Reason));
            else if (finding is ImportFinding.Found found)
                Add(found, report, seen, batch, sources);
            if (sources.Count == BatchEvents)
                await PostAsync(batch, sources, report, progress, cancellationToken).ConfigureAwait(false);
        }

        if (sources.Count > 0)
            await PostAsync(batch, sources, report, progress, cancellationToken).ConfigureAwait(false);
        return report;
    }

    static void Add(ImportFinding.Found found, ImportReport report, HashSet<string> seen, ArrayBufferWriter<byte> batch, List<string> sources)
    {
        using var certificate = found.Certificate;
        var fingerprint = IssuedEvent.Fingerprint(certificate);
        if (!seen.Add(fingerprint))
        {
            report.Repeated++;
            return;
        }

        try
        {
            var line = new ArrayBufferWriter<byte>(2048);
            IssuedEvent.Write(certificate, line);
            batch.Write(line.WrittenSpan);
            sources.Add(found.Source);
            report.Found++;
            report.Fingerprints.Add(fingerprint);
        }
        catch (CryptographicException e)
        {
            report.Problems.Add((found.Source, $"a certificate in it cannot be read: {e.Message}"));
        }
    }

    async Task PostAsync(ArrayBufferWriter<byte> batch, List<string> sources, ImportReport report, Action<int>? progress, CancellationToken cancellationToken)
    {
        using var answer = await api.PostLinesAsync($"/api/v1/projects/{Uri.EscapeDataString(project)}/events", batch.WrittenMemory, cancellationToken).ConfigureAwait(false);
        var i = 0;
        foreach (var result in answer.RootElement.GetProperty("results").EnumerateArray())
        {
            var status = result.GetProperty("status").GetInt32();
            if (status == 201)
                report.New++;
            else if (status == 200)
                report.Duplicates++;
            else
                report.Problems.Add((sources[i], Explain(result.GetProperty("problem"))));
            i++;
        }

        progress?.Invoke(sources.Count);
        batch.ResetWrittenCount();
        sources.Clear();
    }

    static string Explain(JsonElement problem) => problem.TryGetProperty("errors", out var errors)
        ? string.Join("; ", errors.EnumerateArray().Select(e => $"{e.GetProperty("field").GetString()} {e.GetProperty("mend").GetString()}"))
        : problem.GetProperty("detail").GetString() ?? "";
}
