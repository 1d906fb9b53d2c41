using System.Buffers;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Tests.Support;

static class Canonical
{
    /// <summary>The canonical form, or null with what was said about it.</summary>
    public static (string? Text, IReadOnlyList<FieldError> Errors) Of(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 200 });
        var output = new ArrayBufferWriter<byte>();
        var errors = new FieldErrors();
        return CanonicalJson.TryWrite(document.RootElement, output, "value", errors) ? (Encoding.UTF8.GetString(output.WrittenSpan), errors.All) : (null, errors.All);
    }

    public static (string? Text, IReadOnlyList<FieldError> Errors) Of(string json) => Of(Encoding.UTF8.GetBytes(json));
}
