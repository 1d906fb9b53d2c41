using System.Buffers;
using System.CommandLine;
using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn export</c>: the ledger as lines that <c>certfn verify</c>, or anyone with the format's description, can check elsewhere.</summary>
static class ExportCommand
{
    const int ChunkEntries = 1000;

    public static Command Create()
    {
        var output = new Option<string?>("--out") { Description = "The file to write (default: standard output)", HelpName = "FILE" };
        var org = new Option<string?>("--org") { Description = "Whose ledger (default: the only one)", HelpName = "ORG" };
        var command = new Command("export", "Write the ledger as JSON lines that can be verified elsewhere") { output, org, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() => Task.FromResult(
            Run(new DataFolder(parsed.GetValue(Certfn.Data)!), parsed.GetValue(output), parsed.GetValue(org), cancellationToken))));
        return command;
    }

    static int Run(DataFolder folder, string? path, string? org, CancellationToken cancellationToken)
    {
        if (!File.Exists(folder.Database))
            throw new MendableException($"There is no data in {folder.Path}: name another folder with --data.");
        try
        {
            using var reader = new SqliteLedgerReader(folder.Database);
            var ledger = Choose(reader.List(), org);
            using var output = path is null ? Console.OpenStandardOutput() : Create(path);
            var entries = Copy(reader, ledger, output, cancellationToken);
            if (path is not null)
                Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{entries:N0} entries written to {path}");
            return ExitCode.Ok;
        }
        catch (SqliteStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The export stopped: {e.Message}", e);
        }
    }

    public static OrgId Choose(IReadOnlyList<OrgId> ledgers, string? org)
    {
        if (org is null)
            return ledgers.Count == 1 ? ledgers[0] : throw new MendableException(ledgers.Count == 0
                ? "There is no ledger yet, so there is nothing to do."
                : $"There are several ledgers: choose one with --org ({string.Join(", ", ledgers)}).", exitCode: ExitCode.Usage);
        return OrgId.TryParse(org, out var id) && ledgers.Contains(id) ? id
            : throw new MendableException($"There is no ledger of '{org}': there are {string.Join(", ", ledgers)}.", exitCode: ExitCode.Usage);
    }

    /// <summary>For its owner only, as the data folder is: the lines hold the personal parts.</summary>
    static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    static long Copy(SqliteLedgerReader reader, OrgId ledger, Stream output, CancellationToken cancellationToken)
    {
        var lines = new ArrayBufferWriter<byte>(1024 * ChunkEntries);
        long next = 0;
        while (reader.Read(ledger, next, ChunkEntries) is { Count: > 0 } entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lines.ResetWrittenCount();
            foreach (var entry in entries)
                LedgerLine.Write(entry, lines);
            output.Write(lines.WrittenSpan);
            next += entries.Count;
        }

        output.Flush();
        return next;
    }
}
