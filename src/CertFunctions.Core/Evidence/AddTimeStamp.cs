using System.Buffers;
using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Evidence;

/// <summary>Puts a time stamp over its checkpoint into a bundle that has none: a line after the second, and another digest at the end. Streamed.</summary>
public static class AddTimeStamp
{
    /// <summary>The text that is to be stamped: the checkpoint's, without its signatures. Null where this is no bundle.</summary>
    public static async Task<ReadOnlyMemory<byte>?> TextAsync(Stream bundle, CancellationToken cancellationToken)
    {
        using var reader = new LineReader(bundle);
        return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } && await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } second
            && EvidenceLines.TryRead(second.Span[..^1], out SignedNote? note, out _, out _) ? note.Text : null;
    }

    /// <summary>Copies the bundle with the token in it.</summary>
    /// <exception cref="InvalidDataException">It is no bundle, or has a time stamp.</exception>
    public static async Task CopyAsync(Stream bundle, Stream output, ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        using var reader = new LineReader(bundle);
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lines = new ArrayBufferWriter<byte>(4096);
        for (var number = 1; await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line; number++)
        {
            if (EvidenceLines.TryReadEnd(line.Span[..^1], out _))
            {
                lines.ResetWrittenCount();
                EvidenceLines.WriteEnd(new Digest(whole.GetCurrentHash()), lines);
                await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (number == 3 && EvidenceLines.TryReadTimeStamp(line.Span[..^1], out _))
                throw new InvalidDataException("the bundle has a time stamp");
            whole.AppendData(line.Span);
            await output.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            if (number != 2)
                continue;
            lines.ResetWrittenCount();
            EvidenceLines.WriteTimeStamp(token.Span, lines);
            whole.AppendData(lines.WrittenSpan);
            await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
        }

        throw new InvalidDataException("the bundle is cut off");
    }

    /// <summary>Lines with their line feeds, one buffer for all.</summary>
    sealed class LineReader(Stream stream) : IDisposable
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        int start, end;

        public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
        {
            for (var seen = 0; ;)
            {
                var feed = buffer.AsSpan(start + seen, end - start - seen).IndexOf((byte)'\n');
                if (feed >= 0)
                {
                    var line = buffer.AsMemory(start, seen + feed + 1);
                    start += line.Length;
                    return line;
                }

                seen = end - start;
                if (seen > EvidenceLines.MaxBytes)
                    throw new InvalidDataException("a line is longer than any of a bundle");
                MakeRoom();
                var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    return null;
                end += read;
            }
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

        void MakeRoom()
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            if (end < buffer.Length)
                return;
            var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
            buffer.AsSpan(0, end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }
}
