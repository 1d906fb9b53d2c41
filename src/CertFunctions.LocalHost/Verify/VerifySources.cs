using CertFunctions.Core.Events;
using CertFunctions.Core.Evidence;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Evidence;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using CertFunctions.Sqlite.Verification;

namespace CertFunctions.LocalHost.Verify;

/// <summary>Verifies what there is to verify: a data folder, a running service, a file of ledger lines, an evidence bundle, an archive.</summary>
static class VerifySources
{
    public static Task<IReadOnlyList<VerifyReport>> RunAsync(string? source, DataFolder folder, VerifySetup setup, CancellationToken cancellationToken)
    {
        if (source is null)
            return Task.FromResult(Folder(folder, setup, cancellationToken));
        if (ApiClient.IsAddress(source))
            return ServiceAsync(source, folder, setup, cancellationToken);
        if (Directory.Exists(source))
        {
            var named = new DataFolder(source);
            return !File.Exists(named.Database) && IsArchive(source) ? ArchiveAsync(new FolderArchive(source), setup, cancellationToken) : Task.FromResult(Folder(named, setup, cancellationToken));
        }

        if (File.Exists(source))
            return Task.FromResult(IsBundle(source) ? Bundle(source, setup, cancellationToken) : Lines(source, folder, setup, cancellationToken));
        throw new MendableException($"'{source}' is no folder, no file and no URL: name a data folder, an archive, a service, a file of ledger lines or an evidence bundle.", exitCode: ExitCode.Usage);
    }

    public static IReadOnlyList<VerifyReport> Folder(DataFolder folder, VerifySetup setup, CancellationToken cancellationToken, bool watched = true)
    {
        if (!File.Exists(folder.Database))
            throw new MendableException($"There is no data in {folder.Path}: name another folder, or start a service with 'certfn serve'.");
        try
        {
            var ledgers = new LedgerChecks(setup, folder);
            var verify = new VerifyDatabase(folder.Database, ServiceKeys.LoadLedger(folder)) { RootsAt = ledgers.RootsAt, Since = ledgers.Since, Pruned = ledgers.Pruned };
            var reports = watched ? Terminal.WithProgress("verifying", progress => verify.Run(progress, cancellationToken)) : verify.Run(null, cancellationToken);
            return ledgers.Apply(reports, ledger => verify.LeafHashes(ledger, 0));
        }
        catch (SqliteStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }

    public static IReadOnlyList<VerifyReport> Lines(string path, DataFolder folder, VerifySetup setup, CancellationToken cancellationToken) => Read(path, file =>
        Terminal.WithProgress("verifying", progress =>
        {
            var ledgers = new LedgerChecks(setup, null);
            using var verify = new VerifyLines(ServiceKeys.LoadLedger(folder)) { RootsAt = ledgers.RootsAt, Since = ledgers.Since };
            Pour(file, verify.Push, progress, cancellationToken);
            return ledgers.Apply([verify.Complete(null)], _ => LineLeaves.Of(path));
        }));

    public static IReadOnlyList<VerifyReport> Bundle(string path, VerifySetup setup, CancellationToken cancellationToken) => Read(path, file =>
    {
        using var verify = new VerifyEvidence(setup.Policy, TimeStamps.Reader(setup.Policy?.TimeStampCertificates));
        Pour(file, verify.Push, null, cancellationToken);
        return (IReadOnlyList<VerifyReport>)[verify.Complete()];
    });

    public static async Task<IReadOnlyList<VerifyReport>> ArchiveAsync(IArchive archive, VerifySetup setup, CancellationToken cancellationToken)
    {
        try
        {
            var reports = new List<VerifyReport>();
            var ledgers = await new VerifyArchive(archive, null).ListAsync(cancellationToken).ConfigureAwait(false);
            foreach (var ledger in ledgers)
            {
                var concerned = setup.Policy?.Ledger is { } named ? named == ledger : ledgers.Count == 1;
                var verify = new VerifyArchive(archive, concerned ? setup.Policy : null);
                reports.Add(await Terminal.WithProgressAsync("verifying", progress => verify.RunAsync(ledger, concerned ? setup.Checkpoints : [], progress, cancellationToken)).ConfigureAwait(false));
            }

            return reports;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The archive cannot be read: {e.Message}", e);
        }
    }

    static async Task<IReadOnlyList<VerifyReport>> ServiceAsync(string url, DataFolder folder, VerifySetup setup, CancellationToken cancellationToken)
    {
        using var api = ApiClient.For(url, folder);
        return [await ServiceAsync(api, folder, setup, cancellationToken).ConfigureAwait(false)];
    }

    public static async Task<VerifyReport> ServiceAsync(ApiClient api, DataFolder folder, VerifySetup setup, CancellationToken cancellationToken)
    {
        // Before the head, so that the head is of the same size or larger.
        var published = await api.FindBytesAsync("/api/v1/ledger/checkpoint", cancellationToken).ConfigureAwait(false);
        using var head = await api.GetJsonAsync("/api/v1/ledger/head", cancellationToken).ConfigureAwait(false);
        var claimed = new LedgerHead(OrgId.Parse(head.RootElement.GetProperty("ledger").GetString()!), head.RootElement.GetProperty("size").GetInt64(),
            Digest.TryParse(head.RootElement.GetProperty("hash").GetString(), out var hash) ? hash : default);
        var ledgers = new LedgerChecks(setup, null);
        if (published is not null)
            ledgers.Publishes(claimed.Ledger, ReadPublished(published, api.Url));
        using var verify = new VerifyLines(ServiceKeys.LoadLedger(folder)) { RootsAt = ledgers.RootsAt, Since = ledgers.Since };
        var report = await Terminal.WithProgressAsync("verifying", async progress =>
        {
            // An empty ledger, or one with nothing new, has no line that says whose it is.
            var next = setup.Since is { } since ? Math.Min(since.Size, claimed.Size) : 0;
            if (next == claimed.Size)
                return Unmoved(claimed, ledgers, setup);
            for (; next < claimed.Size; next = Math.Max(next, verify.NextIndex))
            {
                progress?.Invoke(next, claimed.Size);
                var limit = Math.Min(1000, claimed.Size - next);
                var lines = await api.GetBytesAsync(FormattableString.Invariant($"/api/v1/ledger/entries?start={next}&limit={limit}"), cancellationToken).ConfigureAwait(false);
                if (lines.Length == 0 || !verify.Push(lines))
                    break;
            }

            return verify.Complete(claimed);
        }).ConfigureAwait(false);
        return ledgers.Apply([report], null)[0];
    }

    static SeenCheckpoint ReadPublished(byte[] note, Uri url) => SeenCheckpoint.TryParse(note, "the service's newest checkpoint", Layer.Signature, out var seen, out var why)
        ? seen : throw new MendableException($"What {url} gives as its ledger's checkpoint is not one: {why}. Name the address of a CertFunctions service.");

    static VerifyReport Unmoved(LedgerHead claimed, LedgerChecks ledgers, VerifySetup setup)
    {
        var since = ledgers.Since(claimed.Ledger) ?? VerifiedBefore.Nothing(claimed.Ledger);
        var wanted = ledgers.RootsAt(claimed.Ledger);
        using var verifier = new LedgerVerifier(claimed.Ledger, null, since.Head.Size <= claimed.Size ? since.Head : LedgerHead.Empty(claimed.Ledger), wanted is null ? null : since.Tree(wanted));
        return setup.Since is { } point && point.Size > claimed.Size
            ? verifier.Report(Verdict.Truncated, claimed.Size, FormattableString.Invariant($"verification was to go on from {point.Size} entries and {claimed.Size} are there"))
            : verifier.Complete(claimed);
    }

    static T Read<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be read: {e.Message}", e);
        }
    }

    delegate bool Taker(ReadOnlySpan<byte> bytes);

    static void Pour(FileStream file, Taker take, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var buffer = new byte[256 * 1024];
        for (int read; (read = file.Read(buffer)) > 0 && take(buffer.AsSpan(0, read));)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(file.Position, file.Length);
        }
    }

    static bool IsBundle(string path) => Read(path, file =>
    {
        var start = new byte[EvidenceLines.Opening.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan().SequenceEqual(EvidenceLines.Opening);
    });

    /// <summary>Whether an org's folder in it has tiles or checkpoints.</summary>
    static bool IsArchive(string path) =>
        Directory.EnumerateDirectories(path).Any(org => Directory.Exists(Path.Combine(org, "tile")) || Directory.Exists(Path.Combine(org, "checkpoint")));
}
