using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Wire;

/// <summary>An answer whose body is JSON bytes made already.</summary>
sealed class JsonBytes(int status, ReadOnlyMemory<byte> body, string contentType = "application/json", string cacheControl = JsonBytes.NotKept) : IResult
{
    /// <summary>What is asked for with a credential is for that asker alone.</summary>
    const string NotKept = "no-store";

    /// <summary>Text as it is: only what JSON itself asks for is escaped. These bytes are never put into a page.</summary>
    public static JsonWriterOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer that is the one JSON value written by <paramref name="write"/>.</summary>
    public static JsonBytes Of(Action<Utf8JsonWriter> write, int status = 200)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(output, Plain))
            write(json);
        return new JsonBytes(status, output.WrittenMemory);
    }

    public Task ExecuteAsync(HttpContext httpContext) => SendAsync(httpContext.Response, status, contentType, body, cacheControl);

    public static async Task SendAsync(HttpResponse response, int status, string contentType, ReadOnlyMemory<byte> body, string cacheControl = NotKept)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = cacheControl;
        // Not under the request's token: when the client is gone the server drops the bytes, and that is no fault to be thrown at the host.
        await response.BodyWriter.WriteAsync(body, CancellationToken.None).ConfigureAwait(false);
    }
}
