using System.Globalization;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Verify;

/// <summary>What a verification relies on besides its source: all of it from files that the one who verifies names.</summary>
sealed record VerifySetup
{
    public static VerifySetup Nothing { get; } = new();

    public TrustPolicy? Policy { get; init; }

    /// <summary>An archive that the operator of the ledger cannot rewrite.</summary>
    public IArchive? Archive { get; init; }

    /// <summary>Checkpoints that others saw: a witness's, a partner's, one's own of an earlier day.</summary>
    public IReadOnlyList<SeenCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>Where an earlier verification ended.</summary>
    public SincePoint? Since { get; init; }

    public static VerifySetup Read(string? trust, string? archive, IEnumerable<string> checkpoints, string? since)
    {
        if (archive is not null && !Directory.Exists(archive))
            throw new MendableException($"'{archive}' is no folder: name the archive's with --archive.", exitCode: ExitCode.Usage);
        return new VerifySetup
        {
            Policy = trust is null ? null : ReadPolicy(trust),
            Archive = archive is null ? null : new FolderArchive(archive),
            Checkpoints = [.. checkpoints.Select(ReadCheckpoint)],
            Since = since is null ? null : SincePoint.Read(since),
        };
    }

    /// <summary>The checks for one ledger, without those of any source. A policy that names another ledger does not concern it.</summary>
    public CheckpointChecks ChecksFor(OrgId ledger)
    {
        var concerned = Policy?.Ledger is not { } named || named == ledger;
        var checks = new CheckpointChecks(concerned ? Policy : null);
        if (concerned)
        {
            foreach (var seen in Checkpoints)
                checks.Add(seen);
        }

        return checks;
    }

    static TrustPolicy ReadPolicy(string path)
    {
        var policy = TrustPolicy.Parse(ReadFile(path, TrustPolicy.MaxBytes), out var faults);
        return policy ?? throw new MendableException($"{path} is not a trust policy:{string.Concat(faults.Select(f => $"\n  {f.Field} {f.Mend}"))}", exitCode: ExitCode.Usage);
    }

    static SeenCheckpoint ReadCheckpoint(string path)
    {
        // Whose it is shows by its signatures; that it was kept apart from the ledger is what counts.
        if (!SeenCheckpoint.TryParse(ReadFile(path, Core.Notes.SignedNote.MaxBytes), $"the checkpoint in {Path.GetFileName(path)}", Layer.Pin, out var seen, out var why))
            throw new MendableException($"{path} is not a signed checkpoint: {why}.", exitCode: ExitCode.Usage);
        return seen;
    }

    public static byte[] ReadFile(string path, int most)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[(int)Math.Min(most + 1L, file.Length)];
            file.ReadExactly(bytes);
            return bytes.Length <= most ? bytes : throw new MendableException($"{path} is longer than {most} bytes: it is not what it is given for.", exitCode: ExitCode.Usage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"{path} cannot be read: {e.Message}", e, ExitCode.Usage);
        }
    }
}

/// <summary>A head, checked before: its size, the chain's hash there, and the tree's root where that is known.</summary>
sealed record SincePoint(long Size, Digest Hash, Digest? Root)
{
    const string Mend = "give --since a signed checkpoint with its chain line, the report of an earlier 'certfn verify --json', or SIZE:HASH";

    public static SincePoint Read(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && Digest.TryParse(text[(colon + 1)..], out var hash))
            return new SincePoint(size, hash, null);
        if (!File.Exists(text))
            throw new MendableException($"'{text}' is no head and no file: {Mend}.", exitCode: ExitCode.Usage);
        var bytes = VerifySetup.ReadFile(text, Core.Notes.SignedNote.MaxBytes);
        if (SeenCheckpoint.TryParse(bytes, "", Layer.Pin, out var seen, out _) && seen.Checkpoint.Chain is { } chain)
            return new SincePoint(seen.Checkpoint.Size, chain, seen.Checkpoint.Root);
        return FromReport(bytes) ?? throw new MendableException($"{text} names no head: {Mend}.", exitCode: ExitCode.Usage);
    }

    static SincePoint? FromReport(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(json).Split('\n')[0]);
            var root = document.RootElement;
            if (!root.GetProperty("size").TryGetInt64(out var size)
                || !Digest.TryParse((root.TryGetProperty("head_hash", out var head) ? head : root.GetProperty("hash")).GetString(), out var hash)
                || (root.TryGetProperty("verdict", out var verdict) && verdict.GetString() != "valid"))
                return null;
            return new SincePoint(size, hash, root.TryGetProperty("root_hash", out var text) && Digest.TryParse(text.GetString(), out var tree) ? tree : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
