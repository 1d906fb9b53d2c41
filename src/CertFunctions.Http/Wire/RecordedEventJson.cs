using System.Runtime.InteropServices;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Http.Wire;

/// <summary>
/// A recorded event as the API shows it: the leaf with its personal part put back where it came from, or <c>"erased":true</c> at the actor where it
/// is gone. The ledger's own calls serve the leaf's bytes instead.
/// </summary>
static class RecordedEventJson
{
    public static void Write(Utf8JsonWriter json, RecordedEvent e)
    {
        using var leaf = JsonDocument.Parse(e.Leaf);
        using var personal = e.Personal.IsEmpty ? null : JsonDocument.Parse(e.Personal);
        json.WriteStartObject();
        foreach (var member in leaf.RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "actor":
                    json.WriteStartObject("actor"u8);
                    Copy(json, member.Value);
                    if (personal is null)
                        json.WriteBoolean("erased"u8, true);
                    else
                        Copy(json, personal.RootElement.GetProperty("actor"u8));
                    json.WriteEndObject();
                    break;
                case "data":
                    json.WriteStartObject("data"u8);
                    Copy(json, member.Value);
                    if (personal is not null && personal.RootElement.TryGetProperty("data"u8, out var fields))
                        Copy(json, fields);
                    json.WriteEndObject();
                    break;
                case "personal" or "v":
                    break;
                default:
                    json.WritePropertyName(member.Name);
                    json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
                    break;
            }
        }

        json.WriteEndObject();
    }

    static void Copy(Utf8JsonWriter json, JsonElement members)
    {
        foreach (var member in members.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
        }
    }
}
