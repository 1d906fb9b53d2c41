using System.Text.Json;
using System.Text.Json.Nodes;
using CertFunctions.Core.Events;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>An event as a producer would post it, right for its type until a test makes it wrong.</summary>
sealed class Submission
{
    static readonly string[] Samples =
    [
        "\"scheduler\"", "\"expired\"", "1", "\"2026-03-01T12:00:00Z\"", $"\"{new string('a', 64)}\"", "[\"one\"]", "{\"k\":\"v\"}", "true", "\"hmac\"", "\"tail\"",
    ];

    public JsonObject Json { get; }

    public JsonObject Data => (JsonObject)Json["data"]!;

    Submission(JsonObject json) => Json = json;

    public static Submission Of(string type, string data = "{}")
    {
        var kind = EventCatalogue.TryFind(type, out var found, out _) ? found.SubjectKind : null;
        return new((JsonObject)JsonNode.Parse($$"""{"type":"{{type}}","subject":{"kind":"{{kind ?? "thing"}}","id":"s-1"},"actor":{"type":"user","id":"u-1"},"data":{{data}}}""")!);
    }

    /// <summary>With every required field of the type, and no other.</summary>
    public static Submission Minimal(EventType type) => With(type, type.Fields.Where(f => f.Required));

    /// <summary>With every field there is.</summary>
    public static Submission Full(EventType type) => With(type, type.Fields);

    static Submission With(EventType type, IEnumerable<PayloadField> fields)
    {
        var submission = Of(type.Name);
        foreach (var field in fields)
            submission.Data[field.Name] = JsonNode.Parse(Array.Find(Samples, s => field.Shape.Fits(JsonElement.Parse(s))) ?? throw new InvalidOperationException($"no sample is {field.Shape.Grammar}"));
        return submission;
    }

    public Submission Set(string member, string json)
    {
        Json[member] = JsonNode.Parse(json);
        return this;
    }

    public Submission Without(string member)
    {
        Json.Remove(member);
        return this;
    }

    public ParsedEvent Parse(Subject? implied = null) => EventParser.Parse(JsonElement.Parse(Json.ToJsonString()), implied, Make.Now);

    public SubmittedEvent Accepted(Subject? implied = null) => Parse(implied) switch
    {
        ParsedEvent.Accepted accepted => accepted.Event,
        ParsedEvent.Refused refused => throw new Xunit.Sdk.XunitException($"{Json} was refused: {string.Join("; ", refused.Errors)}"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public IReadOnlyList<FieldError> Refused(Subject? implied = null) => Assert.IsType<ParsedEvent.Refused>(Parse(implied)).Errors;

    /// <summary>The one fault it is refused for, as "field mend".</summary>
    public FieldError OneFault(Subject? implied = null) => Assert.Single(Refused(implied));
}
