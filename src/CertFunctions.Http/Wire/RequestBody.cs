using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Wire;

/// <summary>A request's body, whole and bounded, in a buffer that goes back to its pool.</summary>
public sealed class RequestBody : IDisposable
{
    /// <summary>Most bytes of a body. A request that says it has more is not read at all.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    readonly byte[] buffer;

    RequestBody(byte[] buffer, int length) => (this.buffer, Length) = (buffer, length);

    public int Length { get; }

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    /// <summary>The body; null when it is larger than <see cref="MaxBytes"/>.</summary>
    public static async Task<RequestBody?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            return null;
        var reader = request.BodyReader;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
            {
                return null;
            }
            catch (Exception e) when (e is ConnectionResetException or OperationCanceledException)
            {
                // Whoever sent it is gone. Said here, where it is known to be the request: further out it would look like a store that failed.
                request.HttpContext.Abort();
                throw new BadHttpRequestException("the connection broke off", e);
            }

            if (read.Buffer.Length > MaxBytes)
                return null;
            if (read.IsCompleted)
            {
                var length = (int)read.Buffer.Length;
                var bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, length));
                read.Buffer.CopyTo(bytes);
                reader.AdvanceTo(read.Buffer.End);
                return new RequestBody(bytes, length);
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    // Cleared: bodies hold personal data, and the next to rent the buffer is someone else.
    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer, clearArray: Length > 0);
}
