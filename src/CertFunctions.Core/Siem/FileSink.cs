using System.Buffers;
using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem;

/// <summary>
/// JSON lines in a file per ledger, <c>FOLDER/ORG.jsonl</c>, each line a <see cref="LedgerLine"/>. The last whole line tells what the file
/// has, so a batch that comes again adds nothing, and a line that a crash cut short is cut off before the next is written. Rotate by renaming:
/// the next batch begins a new file.
/// </summary>
public sealed class FileSink(string name, string folder) : ISink
{
    readonly ConcurrentDictionary<OrgId, SemaphoreSlim> turns = new();

    public string Name => name;

    /// <summary>Set back, it would pass over every line it has; and to write the file anew is not for us, as someone may be reading it.</summary>
    public string? NoReplay => "A file has each line once, and its lines stay: they are in it or in those it was renamed to. GET /ledger/entries?start=N gives the same lines from any index on.";

    public async Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        var turn = turns.GetOrAdd(ledger, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Append(Path.Combine(folder, $"{ledger}.jsonl"), entries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SinkOutcome.Failed(e.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    static SinkOutcome Append(string path, IReadOnlyList<ChainedEvent> entries)
    {
        using var file = Open(path);
        var last = Recover(file);
        if (last is not null && entries.Count > 0 && !IsSameHistory(file, last, entries))
            return new SinkOutcome.Failed($"{path} holds another history up to its entry {last.EntryIndex}: the hashes differ. Move the file away, and a new one begins");
        var lines = new ArrayBufferWriter<byte>(64 * 1024);
        foreach (var entry in entries)
        {
            if (last is null || entry.Index > last.EntryIndex)
                LedgerLine.Write(entry, lines);
        }

        file.Seek(0, SeekOrigin.End);
        file.Write(lines.WrittenSpan);
        // To the disk, not to the page cache: Delivered promises that the line outlives the machine.
        file.Flush(flushToDisk: true);
        return new SinkOutcome.Delivered();
    }

    static FileStream Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    /// <summary>
    /// Whether the batch belongs to the ledger this file holds. A hash commits to all before it, so one entry that both have, or the link
    /// between them, tells. Asked before anything is left out as already there: of another history nothing is.
    /// </summary>
    static bool IsSameHistory(FileStream file, ParsedLedgerLine last, IReadOnlyList<ChainedEvent> entries)
    {
        var (first, final) = (entries[0], entries[^1]);
        if (first.Index > last.EntryIndex)
            return first.Index > last.EntryIndex + 1 || first.PreviousHash == last.EntryHash;
        if (final.Index >= last.EntryIndex)
            return entries[(int)(last.EntryIndex - first.Index)].Hash == last.EntryHash;
        // A batch from long ago: the position was lost, or the ledger is another. Entries the file does not have any more were rotated away.
        return Find(file, final.Index) is not { } line || line.EntryHash == final.Hash;
    }

    /// <summary>The line of that index, by halving: indexes rise through the file. Null where there is none.</summary>
    static ParsedLedgerLine? Find(FileStream file, long index)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(2 * LedgerLine.MaxBytes);
        try
        {
            // The line begins in [low, high).
            long low = 0, high = file.Length;
            while (low < high)
            {
                var middle = low + (high - low) / 2;
                file.Seek(Math.Max(0, middle - 1), SeekOrigin.Begin);
                var text = bytes.AsSpan(0, file.ReadAtLeast(bytes, 2 * LedgerLine.MaxBytes, throwOnEndOfStream: false));
                var start = middle == 0 ? 0 : text.IndexOf((byte)'\n') + 1;
                var length = text[start..].IndexOf((byte)'\n');
                if (middle > 0 && (start == 0 || middle - 1 + start >= high))
                    high = middle;
                else if (length < 0 || !LedgerLine.TryRead(text.Slice(start, length), out var line))
                    throw new IOException($"{file.Name} has a line that is not a ledger line: move the file away, and a new one begins");
                else if (line.EntryIndex == index)
                    return line;
                else if (line.EntryIndex < index)
                    low = Math.Max(0, middle - 1) + start + length + 1;
                else
                    high = middle;
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>The last whole line, null for a file without one; what stands after that line is cut off.</summary>
    static ParsedLedgerLine? Recover(FileStream file)
    {
        var tail = (int)Math.Min(file.Length, 2 * LedgerLine.MaxBytes);
        if (tail == 0)
            return null;
        var bytes = ArrayPool<byte>.Shared.Rent(tail);
        try
        {
            file.Seek(-tail, SeekOrigin.End);
            file.ReadExactly(bytes, 0, tail);
            var text = bytes.AsSpan(0, tail);
            var end = text.LastIndexOf((byte)'\n');
            if (end + 1 < tail)
                file.SetLength(file.Length - (tail - end - 1));
            if (end < 0)
                return null;
            var start = text[..end].LastIndexOf((byte)'\n') + 1;
            return LedgerLine.TryRead(text[start..end], out var line) ? line
                : throw new IOException($"the last line of {file.Name} is not a ledger line: move the file away, and a new one begins");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
