using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// How documents are written and read. The SDK's own writer spells a quote in six bytes, and a leaf is full of them; here it takes two. Nobody embeds these
/// documents in a page, which is all that the longer spelling is for.
/// </summary>
sealed class CosmosDocumentText : CosmosSerializer
{
    static readonly JsonSerializerOptions Options = new(CosmosJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override T FromStream<T>(Stream stream)
    {
        if (typeof(Stream).IsAssignableFrom(typeof(T)))
            return (T)(object)stream;
        using (stream)
            return (T)JsonSerializer.Deserialize(stream, Options.GetTypeInfo(typeof(T)))!;
    }

    public override Stream ToStream<T>(T input)
    {
        var stream = new MemoryStream();
        JsonSerializer.Serialize(stream, input, Options.GetTypeInfo(typeof(T)));
        stream.Position = 0;
        return stream;
    }
}
