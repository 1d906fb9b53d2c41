using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// What an archive holds of each ledger, under its org's name:
/// <code>
/// ORG/tile/…                                               tiles and entry bundles, as C2SP tlog-tiles names them
/// ORG/checkpoint/000/000/000/000/070/000/20260301/120000Z  signed checkpoints: size (18 digits in threes), day, time (UTC)
/// </code>
/// So the newest checkpoint of the largest size is found by going down the last folder of each level: the same few listings, however many there are.
/// </summary>
public static class ArchiveLayout
{
    /// <summary>One more than the largest size that has a name.</summary>
    public const long MaxSize = 1_000_000_000_000_000_000;

    const string Day = "yyyyMMdd", Second = "HHmmss'Z'";

    public static string Tile(OrgId org, TileId tile) => $"{org}/{tile}";

    /// <summary>The folder of a ledger's checkpoints.</summary>
    public static string Checkpoints(OrgId org) => $"{org}/checkpoint";

    public static string Checkpoint(OrgId org, long size, DateTimeOffset time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(size, MaxSize);
        return string.Create(CultureInfo.InvariantCulture, $"{Checkpoints(org)}/{SizeFolder(size)}/{time.UtcDateTime.ToString(Day, CultureInfo.InvariantCulture)}/{time.UtcDateTime.ToString(Second, CultureInfo.InvariantCulture)}");
    }

    static string SizeFolder(long size)
    {
        var digits = size.ToString("D18", CultureInfo.InvariantCulture);
        return string.Join('/', Enumerable.Range(0, 6).Select(i => digits.Substring(3 * i, 3)));
    }
}

/// <summary>A checkpoint as an archive has it. Its signatures are not checked yet.</summary>
public sealed record ArchivedCheckpoint(string Name, ReadOnlyMemory<byte> Bytes, SignedNote Note, Checkpoint Checkpoint);

/// <summary>The archive holds something that cannot have been published: it was altered, or is not an archive of ours.</summary>
public sealed class ArchiveDamagedException : Exception
{
    public ArchiveDamagedException()
    {
    }

    public ArchiveDamagedException(string message)
        : base(message)
    {
    }

    public ArchiveDamagedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>Reads checkpoints from an archive.</summary>
public static class ArchivedCheckpoints
{
    const int Page = 1000;

    /// <summary>Folders between the top of the checkpoints and a checkpoint: six of the size, one of the day.</summary>
    const int Depth = 7;

    /// <summary>The newest of those with the largest size; null where there is none.</summary>
    /// <exception cref="ArchiveDamagedException">It is not a checkpoint, or not the one its name says.</exception>
    public static Task<ArchivedCheckpoint?> LatestAsync(IArchive archive, OrgId org, CancellationToken cancellationToken) => LatestAsync(archive, ArchiveLayout.Checkpoints(org), org, cancellationToken);

    /// <summary>The same of another folder that has the names of <paramref name="org"/>'s checkpoints in it.</summary>
    /// <exception cref="ArchiveDamagedException">It is not a checkpoint, or not the one its name says.</exception>
    public static async Task<ArchivedCheckpoint?> LatestAsync(IArchive archive, string folder, OrgId org, CancellationToken cancellationToken) =>
        await LastIn(archive, folder, Depth, cancellationToken).ConfigureAwait(false) is { } name
            ? await ReadAsync(archive, folder, org, name, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>The checkpoint under a name.</summary>
    /// <exception cref="ArchiveDamagedException">It is not there, not a checkpoint, or not the one its name says.</exception>
    public static Task<ArchivedCheckpoint> ReadAsync(IArchive archive, OrgId org, string name, CancellationToken cancellationToken) =>
        ReadAsync(archive, ArchiveLayout.Checkpoints(org), org, name, cancellationToken);

    static async Task<ArchivedCheckpoint> ReadAsync(IArchive archive, string folder, OrgId org, string name, CancellationToken cancellationToken)
    {
        var bytes = await archive.ReadAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new ArchiveDamagedException($"{name} is listed and cannot be read");
        if (!SignedNote.TryParse(bytes.Span, out var note, out var why) || !Checkpoint.TryParse(note.Text.Span, out var checkpoint, out why))
            throw new ArchiveDamagedException($"{name} is not a checkpoint: {why}");
        if (checkpoint.Time is not { } time || checkpoint.Size >= ArchiveLayout.MaxSize || folder + ArchiveLayout.Checkpoint(org, checkpoint.Size, time)[ArchiveLayout.Checkpoints(org).Length..] != name)
            throw new ArchiveDamagedException($"{name} holds a checkpoint of another size or time");
        return new ArchivedCheckpoint(name, bytes, note, checkpoint);
    }

    /// <summary>All checkpoints of a ledger, by size and then by time.</summary>
    public static IAsyncEnumerable<string> ListAsync(IArchive archive, OrgId org, CancellationToken cancellationToken) =>
        AllIn(archive, ArchiveLayout.Checkpoints(org), Depth, cancellationToken);

    /// <summary>The last name below a folder. A folder that is empty (its first file was never finished) is passed over.</summary>
    static async Task<string?> LastIn(IArchive archive, string folder, int depth, CancellationToken cancellationToken)
    {
        var children = new List<string>();
        await foreach (var child in ChildrenAsync(archive, folder, depth, cancellationToken).ConfigureAwait(false))
            children.Add(child);
        for (var i = children.Count - 1; i >= 0; i--)
        {
            if (depth == 0)
                return $"{folder}/{children[i]}";
            if (await LastIn(archive, $"{folder}/{children[i]}", depth - 1, cancellationToken).ConfigureAwait(false) is { } found)
                return found;
        }

        return null;
    }

    static async IAsyncEnumerable<string> AllIn(IArchive archive, string folder, int depth, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var child in ChildrenAsync(archive, folder, depth, cancellationToken).ConfigureAwait(false))
        {
            if (depth == 0)
            {
                yield return $"{folder}/{child}";
                continue;
            }

            await foreach (var name in AllIn(archive, $"{folder}/{child}", depth - 1, cancellationToken).ConfigureAwait(false))
                yield return name;
        }
    }

    /// <summary>The folders of a level, or at the lowest the names, without what does not belong there.</summary>
    static async IAsyncEnumerable<string> ChildrenAsync(IArchive archive, string folder, int depth, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        while (true)
        {
            var page = await archive.ListAsync(folder, after, Page, cancellationToken).ConfigureAwait(false);
            foreach (var child in page)
            {
                if (IsOfLevel(child, depth))
                    yield return child.TrimEnd('/');
            }

            if (page.Count < Page)
                yield break;
            after = page[^1];
        }
    }

    static bool IsOfLevel(string child, int depth) => depth switch
    {
        0 => child.Length == 7 && child[6] == 'Z' && child.AsSpan(0, 6).IndexOfAnyExceptInRange('0', '9') < 0,
        1 => child.Length == 9 && child[8] == '/' && child.AsSpan(0, 8).IndexOfAnyExceptInRange('0', '9') < 0,
        _ => child.Length == 4 && child[3] == '/' && child.AsSpan(0, 3).IndexOfAnyExceptInRange('0', '9') < 0,
    };
}

/// <summary>
/// The tiles of one ledger from an archive that holds those of the tree of <paramref name="size"/> leaves: for a proof about a smaller tree, the tile as it is
/// there is cut to the width that tree has. Where a partial tile was deleted, the full one stands in for it.
/// </summary>
public sealed class ArchiveTiles(IArchive archive, OrgId org, long size) : ITileSource
{
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(TileId tile, CancellationToken cancellationToken)
    {
        if (tile.Level == TileId.Entries || !TileId.TryFind(tile.Level, tile.Index, size, out var there) || there.Width < tile.Width)
            return null;
        var bytes = await archive.ReadAsync(ArchiveLayout.Tile(org, there), cancellationToken).ConfigureAwait(false);
        if (bytes is null && !there.IsFull)
            bytes = await archive.ReadAsync(ArchiveLayout.Tile(org, there = there.Full), cancellationToken).ConfigureAwait(false);
        // One that is not of its length is given as it is, so that who reads it says so.
        return bytes is { } found && found.Length == there.Width * Ledger.Digest.Length ? found[..(tile.Width * Ledger.Digest.Length)] : bytes;
    }
}
