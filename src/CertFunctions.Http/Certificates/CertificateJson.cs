using System.Runtime.InteropServices;
using System.Text.Json;
using CertFunctions.Core.Certificates;

namespace CertFunctions.Http.Certificates;

/// <summary>
/// A certificate's state as the API shows it: the members of the stored state, of which one that has nothing to say is left out, with the status as it reads at a
/// time, and names as texts only.
/// </summary>
static class CertificateJson
{
    public static void Write(Utf8JsonWriter json, string id, CertificateAt at, DateTimeOffset? readAt, DateTimeOffset? due)
    {
        var state = at.State;
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteNumber("seq"u8, at.Seq);
        json.WriteString("status"u8, (readAt is { } now ? state.StatusAt(now) : state.Status).Wire());
        using var stored = JsonDocument.Parse(state.ToJson());
        foreach (var member in stored.RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "v" or "status":
                    break;
                case "names":
                    json.WriteStartArray("names"u8);
                    foreach (var name in state.Names.Kept)
                        json.WriteStringValue(name);
                    json.WriteEndArray();
                    if (state.Names.Omitted > 0)
                        json.WriteNumber("names_omitted"u8, state.Names.Omitted);
                    break;
                default:
                    json.WritePropertyName(member.Name);
                    json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
                    break;
            }
        }

        if (due is { } look)
            json.WriteString("next_look"u8, Core.Events.Rfc3339.Format(look));
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, CertificateDifference difference)
    {
        json.WriteStartObject();
        json.WriteString("member"u8, difference.Member);
        Value("before", difference.Before);
        Value("after", difference.After);
        json.WriteEndObject();

        void Value(string name, JsonElement? value)
        {
            json.WritePropertyName(name);
            if (value is { } there)
                there.WriteTo(json);
            else
                json.WriteNullValue();
        }
    }
}
