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
        var lines = new ArrayBufferWriter<byte>(64 * 1024);
        foreach (var entry in entries)
        {
            if (last is not null && entry.Index == last.EntryIndex && entry.Hash != last.EntryHash)
                return new SinkOutcome.Failed($"{path} holds another history: its entry {entry.Index} has another hash. Move the file away, and a new one begins");
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
