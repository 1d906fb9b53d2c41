using System.Text.Encodings.Web;
using System.Text.Json;

namespace CertFunctions.Emulation.Storage;

/// <summary>One way to write JSON: characters as they are, as the service sends them.</summary>
static class JsonText
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static Utf8JsonWriter Writer(Stream stream) => new(stream, Options);

    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = Writer(buffer)) write(writer);
        return buffer.ToArray();
    }
}
