using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Receipts;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn receipt FILE</c>: was the promise kept? It resolves to an index of the ledger, to a broken promise, or to one that is not due yet.</summary>
static class ReceiptCommand
{
    /// <summary>Bytes of the longest file that is read: a note is a few hundred.</summary>
    const int MaxBytes = 1024 * 1024;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The receipt: the signed note, or the service's answer it came in", HelpName = "FILE" };
        var source = new Option<string?>("--in") { Description = "The ledger to look in: a data folder, a service's URL, or a file of ledger lines (default: the data folder)", HelpName = "SOURCE" };
        var keys = new Option<string[]>("--key") { Description = "The log's vkey, its present one or an earlier one; may be given more than once (default: the keys in the data folder)", HelpName = "VKEY" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("receipt", "Tell whether the promise of a receipt was kept: the event it names is in the ledger, unaltered") { file, source, keys, json, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var folder = new DataFolder(parsed.GetValue(Certfn.Data)!);
            var note = Read(parsed.GetValue(file)!);
            var receipt = Receipt.TryRead(Encoding.UTF8.GetString(note.Text.Span)) ?? throw new MendableException($"{parsed.GetValue(file)} is a signed note and no receipt.", exitCode: ExitCode.Usage);
            var search = new Search(receipt, new ReceiptSigner(note, Known(parsed.GetValue(keys) ?? [], folder, receipt.Address.Org, note)));
            var outcome = search.Signer.IsForged ? null : await ResolveAsync(search, receipt.Address.Org, parsed.GetValue(source), folder, cancellationToken).ConfigureAwait(false);
            if (search.Signer.IsForged)
                return Say(receipt, "forged", "it names a key of the log, and its signature is not that key's: nothing was promised", null, parsed.GetValue(json));
            if (!search.Signer.IsTheLogs)
                return Say(receipt, "unverifiable", "it is signed with a key that is not known to be the log's, nor one that this ledger's entries lead to from there: give another vkey of the log with --key", null, parsed.GetValue(json));
            return outcome switch
            {
                ReceiptOutcome.Kept kept => Say(receipt, "kept", string.Create(CultureInfo.InvariantCulture, $"the ledger of {receipt.Address.Org} holds it as entry {kept.Index}"), kept.Index, parsed.GetValue(json)),
                ReceiptOutcome.Broken broken => Say(receipt, "broken", broken.Why, broken.Index, parsed.GetValue(json)),
                ReceiptOutcome.Pending pending => Say(receipt, "pending", $"it is not in the ledger yet, and need not be before {Rfc3339.Format(pending.DueAt)}", null, parsed.GetValue(json)),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }));
        return command;
    }

    static int Say(Receipt receipt, string verdict, string detail, long? index, bool json)
    {
        if (json)
        {
            using var output = Console.OpenStandardOutput();
            using (var writer = new Utf8JsonWriter(output))
            {
                writer.WriteStartObject();
                writer.WriteString("verdict"u8, verdict);
                writer.WriteString("ledger"u8, receipt.Address.Org.Value);
                writer.WriteString("event_id"u8, receipt.Id.Value);
                if (index is { } at)
                    writer.WriteNumber("index"u8, at);
                writer.WriteString("due_at"u8, Rfc3339.Format(receipt.DueAt));
                writer.WriteString("detail"u8, detail);
                writer.WriteEndObject();
            }

            output.WriteByte((byte)'\n');
        }
        else
        {
            var colour = verdict switch { "kept" => "green", "pending" or "unverifiable" => "yellow", _ => "red" };
            Terminal.Out.MarkupLine($"[{colour}]{verdict}[/]: event {Markup.Escape(receipt.Id.Value)} of {Markup.Escape(receipt.Address.Subject.ToString())}: {Markup.Escape(detail)}");
        }

        return verdict == "kept" ? ExitCode.Ok : ExitCode.NotGood;
    }

    /// <summary>A receipt as it was kept: the note itself, or the answer (of one event) that carried it.</summary>
    static SignedNote Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
                throw new MendableException($"{path} is too long for a receipt.", exitCode: ExitCode.Usage);
            var bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8))
            {
                using var answer = JsonDocument.Parse(bytes);
                if (!answer.RootElement.TryGetProperty("receipt", out var inside) || inside.ValueKind != JsonValueKind.String)
                    throw new MendableException($"{path} is JSON without a receipt in it: ask for one with ?receipt=true, and of a list's answer keep each item in a file of its own.", exitCode: ExitCode.Usage);
                bytes = Encoding.UTF8.GetBytes(inside.GetString()!);
            }

            return SignedNote.TryParse(bytes, out var note, out var why) ? note : throw new MendableException($"{path} is no receipt: {why}.", exitCode: ExitCode.Usage);
        }
        catch (JsonException e)
        {
            throw new MendableException($"{path} is neither a signed note nor JSON.", e, ExitCode.Usage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The keys a receipt may be signed with: those given; or those of the folder, under the name the receipt has, as the name is the signer's to choose.</summary>
    static IReadOnlyList<VerifierKey> Known(string[] given, DataFolder folder, OrgId org, SignedNote note)
    {
        if (given.Length > 0)
            return [.. given.Select(text => VerifierKey.TryParse(text, out var key, out var why) ? key : throw new MendableException($"'{text}' given with --key is no vkey: {why}.", exitCode: ExitCode.Usage))];
        return ServiceKeys.LoadLog(folder).Known(note.Signatures.FirstOrDefault(s => s.KeyName.EndsWith($"/{org}", StringComparison.Ordinal))?.KeyName ?? folder.LogName(null).Origin(org));
    }

    static async Task<ReceiptOutcome> ResolveAsync(Search search, OrgId ledger, string? source, DataFolder folder, CancellationToken cancellationToken)
    {
        // Before the ledger is looked at: what is missing there was missing then.
        var asOf = DateTimeOffset.UtcNow;
        if (source is not null && ApiClient.IsAddress(source))
            await ServiceAsync(search, source, folder, cancellationToken).ConfigureAwait(false);
        else if (source is not null && File.Exists(source))
            Lines(search, source, cancellationToken);
        else
            Folder(search, ledger, source is null ? folder : new DataFolder(source), cancellationToken);
        return search.Resolve.Complete(asOf);
    }

    static void Folder(Search search, OrgId ledger, DataFolder folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(folder.Database))
            throw new MendableException($"There is no data in {folder.Path}: name another folder, a service or a file of ledger lines with --in.");
        try
        {
            using var reader = new SqliteLedgerReader(folder.Database);
            for (long next = 0; reader.Read(ledger, next, 1000) is { Count: > 0 } entries; next += entries.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var entry in entries)
                {
                    if (!search.Push(entry.Index, entry.Event.Leaf.Span))
                        return;
                }
            }
        }
        catch (Exception e) when (e is SqliteStoreException or InvalidDataException)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }

    static void Lines(Search search, string path, CancellationToken cancellationToken)
    {
        foreach (var line in File.ReadLines(path))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Push(search, Encoding.UTF8.GetBytes(line), path))
                return;
        }
    }

    static async Task ServiceAsync(Search search, string url, DataFolder folder, CancellationToken cancellationToken)
    {
        using var api = ApiClient.For(url, folder);
        for (long next = 0; ;)
        {
            var lines = await api.GetBytesAsync(FormattableString.Invariant($"/api/v1/ledger/entries?start={next}&limit=1000"), cancellationToken).ConfigureAwait(false);
            if (lines.Length == 0)
                return;
            for (var rest = lines.AsMemory(); !rest.IsEmpty; next++)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                if (!Push(search, rest.Span[..(end < 0 ? rest.Length : end)], url))
                    return;
                rest = rest[(end < 0 ? rest.Length : end + 1)..];
            }
        }
    }

    static bool Push(Search search, ReadOnlySpan<byte> text, string source) => LedgerLine.TryRead(text, out var line)
        ? search.Push(line.EntryIndex, line.ToRow().Leaf)
        : throw new MendableException($"{source} gives something that is no ledger line: verify it with 'certfn verify'.");

    /// <summary>One pass over a ledger's leaves, for the promised one and for the key that signed the promise.</summary>
    sealed class Search(Receipt receipt, ReceiptSigner signer)
    {
        bool resolved;

        public ResolveReceipt Resolve { get; } = new(receipt);

        public ReceiptSigner Signer => signer;

        /// <summary>False once both are known.</summary>
        public bool Push(long index, ReadOnlySpan<byte> leaf)
        {
            resolved = resolved || !Resolve.Push(index, leaf);
            return signer.Push(index, leaf) || (!resolved && !signer.IsForged);
        }
    }
}
