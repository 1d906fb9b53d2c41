using System.Text;
using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>A property path as policies write it: <c>/a/b</c>, <c>/"odd name"/c</c>, perhaps ending in <c>/?</c> or <c>/*</c>.</summary>
sealed record JsonPath(IReadOnlyList<string> Segments)
{
    public string Text { get; } = "/" + string.Join('/', Segments);

    public static JsonPath Parse(string text)
    {
        if (!text.StartsWith('/')) throw ServiceException.BadRequest($"The path '{text}' is not valid: a path begins with '/'.");

        var segments = new List<string>();
        var at = 1;
        while (at < text.Length)
        {
            var segment = new StringBuilder();
            if (text[at] == '"')
            {
                for (at++; at < text.Length && text[at] != '"'; at++) segment.Append(text[at]);
                at++;
            }
            else
            {
                for (; at < text.Length && text[at] != '/'; at++) segment.Append(text[at]);
            }

            segments.Add(segment.ToString());
            at++;
        }

        return new JsonPath(segments);
    }

    public JsonElement? Find(JsonElement document)
    {
        foreach (var segment in Segments)
            if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(segment, out document))
                return null;

        return document;
    }

    public bool Equals(JsonPath? other) => other is not null && Text == other.Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}
