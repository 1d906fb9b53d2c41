using System.CommandLine;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using CertFunctions.Sqlite.Verification;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn verify [SOURCE]</c>: a data folder, a running service, or an export file.</summary>
static class VerifyCommand
{
    public static Command Create()
    {
        var source = new Argument<string?>("source") { Description = "A data folder, a service's URL, or a file of ledger lines (default: the data folder)", Arity = ArgumentArity.ZeroOrOne, HelpName = "SOURCE" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per ledger" };
        var command = new Command("verify", "Check that a ledger is whole and unaltered; believes nothing it is given: every hash is computed anew")
        { source, json, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var reports = await RunAsync(parsed.GetValue(source), new DataFolder(parsed.GetValue(Certfn.Data)!), cancellationToken).ConfigureAwait(false);
            foreach (var report in reports)
            {
                if (parsed.GetValue(json))
                    VerdictPanel.PrintJson(report, Console.Out);
                else
                    VerdictPanel.Print(report);
            }

            if (reports.Count == 0)
                Terminal.Error.MarkupLine("[yellow]certfn:[/] there is no ledger yet, so there is nothing to verify");
            return reports.All(r => r.Verdict == Verdict.Valid) ? ExitCode.Ok : ExitCode.NotGood;
        }));
        return command;
    }

    static Task<IReadOnlyList<VerifyReport>> RunAsync(string? source, DataFolder folder, CancellationToken cancellationToken)
    {
        if (source is null)
            return Task.FromResult(Folder(folder, cancellationToken));
        if (source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            return ServiceAsync(source, folder, cancellationToken);
        if (Directory.Exists(source))
            return Task.FromResult(Folder(new DataFolder(source), cancellationToken));
        if (File.Exists(source))
            return Task.FromResult(Lines(source, folder, cancellationToken));
        throw new MendableException($"'{source}' is no folder, no file and no URL: name a data folder, a service, or a file of ledger lines.", exitCode: ExitCode.Usage);
    }

    public static IReadOnlyList<VerifyReport> Folder(DataFolder folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(folder.Database))
            throw new MendableException($"There is no data in {folder.Path}: name another folder, or start a service with 'certfn serve'.");
        try
        {
            var verify = new VerifyDatabase(folder.Database, ServiceKeys.LoadLedger(folder));
            return Terminal.WithProgress("verifying", progress => verify.Run(progress, cancellationToken));
        }
        catch (SqliteStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }

    public static IReadOnlyList<VerifyReport> Lines(string path, DataFolder folder, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return Terminal.WithProgress("verifying", progress =>
            {
                using var verify = new VerifyLines(ServiceKeys.LoadLedger(folder));
                var buffer = new byte[256 * 1024];
                for (int read; (read = file.Read(buffer)) > 0 && verify.Push(buffer.AsSpan(0, read));)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    progress?.Invoke(file.Position, file.Length);
                }

                return (IReadOnlyList<VerifyReport>)[verify.Complete(null)];
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be read: {e.Message}", e);
        }
    }

    static async Task<IReadOnlyList<VerifyReport>> ServiceAsync(string url, DataFolder folder, CancellationToken cancellationToken)
    {
        using var api = ApiClient.For(url, folder);
        return [await ServiceAsync(api, folder, cancellationToken).ConfigureAwait(false)];
    }

    public static async Task<VerifyReport> ServiceAsync(ApiClient api, DataFolder folder, CancellationToken cancellationToken)
    {
        using var head = await api.GetJsonAsync("/api/v1/ledger/head", cancellationToken).ConfigureAwait(false);
        var claimed = new LedgerHead(OrgId.Parse(head.RootElement.GetProperty("ledger").GetString()!), head.RootElement.GetProperty("size").GetInt64(),
            Digest.TryParse(head.RootElement.GetProperty("hash").GetString(), out var hash) ? hash : default);
        using var verify = new VerifyLines(ServiceKeys.LoadLedger(folder));
        return await Terminal.WithProgressAsync("verifying", async progress =>
        {
            while (verify.NextIndex < claimed.Size)
            {
                progress?.Invoke(verify.NextIndex, claimed.Size);
                var limit = Math.Min(1000, claimed.Size - verify.NextIndex);
                var lines = await api.GetBytesAsync(FormattableString.Invariant($"/api/v1/ledger/entries?start={verify.NextIndex}&limit={limit}"), cancellationToken).ConfigureAwait(false);
                if (lines.Length == 0 || !verify.Push(lines))
                    break;
            }

            return verify.Complete(claimed);
        }).ConfigureAwait(false);
    }
}
