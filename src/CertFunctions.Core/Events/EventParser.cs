using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events.Catalogue;

namespace CertFunctions.Core.Events;

/// <summary>What came of reading one submitted event.</summary>
public abstract record ParsedEvent
{
    ParsedEvent()
    {
    }

    public sealed record Accepted(SubmittedEvent Event) : ParsedEvent;

    /// <summary>Nothing is kept of it; <paramref name="Errors"/> names every field at fault, at most <see cref="FieldErrors.Most"/>.</summary>
    public sealed record Refused(IReadOnlyList<FieldError> Errors) : ParsedEvent;
}

/// <summary>
/// Reads one event as a producer sends it, strictly: every member is known, rightly typed, bounded and comes once, and the payload is what the
/// catalogue says of its type (R23).
/// </summary>
public static class EventParser
{
    /// <summary>
    /// Canonical bytes of payload and personal part together; a larger event is refused. So that a leaf, which holds the payload and less than 4 KiB beside
    /// it, is never longer than the 65 535 bytes an entry bundle has room for.
    /// </summary>
    public const int MaxEventBytes = 60 * 1024;

    /// <summary>How far ahead of the service's clock a producer's may be.</summary>
    public static readonly TimeSpan MaxClockAhead = TimeSpan.FromHours(24);

    const string ControlFree = "text without control characters";

    /// <param name="json">The event.</param>
    /// <param name="implied">The subject named by the request's path, if any: the body may leave it out, or must agree.</param>
    /// <param name="now">The service's clock.</param>
    public static ParsedEvent Parse(JsonElement json, Subject? implied, DateTimeOffset now)
    {
        var errors = new FieldErrors();
        if (json.ValueKind != JsonValueKind.Object)
        {
            errors.Add("", "must be a JSON object: one event");
            return new ParsedEvent.Refused(errors.All);
        }

        if (!CanonicalJson.TryGetMembers(json, out var members, out var twice))
        {
            errors.Add(twice ?? "", twice is null ? CanonicalJson.IllFormedName : "comes more than once: send each member once");
            return new ParsedEvent.Refused(errors.All);
        }

        var draft = new Draft { Subject = implied };
        foreach (var (name, value) in members)
            ReadMember(name, value, draft, implied, now, errors);
        return draft.Complete(errors);
    }

    static void ReadMember(string name, JsonElement value, Draft draft, Subject? implied, DateTimeOffset now, FieldErrors errors)
    {
        switch (name)
        {
            case "id":
                if (Text(value) is { } id && EventId.TryParse(id, out var eventId))
                    draft.Id = eventId;
                else if (value.ValueKind != JsonValueKind.Null)
                    errors.Add("id", "must be 1 to 128 characters from A-Z, a-z, 0-9, ., _, : and -, starting with a letter or digit; leave it out to have one made");
                break;
            case "type":
                draft.HasType = true;
                ReadType(value, draft, errors);
                break;
            case "subject":
                ReadSubject(value, draft, implied, errors);
                break;
            case "occurred_at":
                if (value.ValueKind == JsonValueKind.Null)
                    break;
                if (!Rfc3339.TryParse(Text(value), out var occurredAt))
                    errors.Add("occurred_at", $"must be {Rfc3339.Grammar}");
                else if (occurredAt > now + MaxClockAhead)
                    errors.Add("occurred_at", $"lies more than {MaxClockAhead.TotalHours.ToString(CultureInfo.InvariantCulture)} hours in the future: check the producer's clock");
                else
                    draft.OccurredAt = occurredAt;
                break;
            case "actor":
                draft.HasActor = true;
                ReadActor(value, draft, errors);
                break;
            case "status":
                if (value.ValueKind != JsonValueKind.Null && !Vocabulary.TryParse(Text(value), out draft.Status))
                    errors.Add("status", $"must be one of {Vocabulary.StatusNames}");
                draft.HasStatus = value.ValueKind != JsonValueKind.Null;
                break;
            case "severity":
                if (value.ValueKind != JsonValueKind.Null && !Vocabulary.TryParse(Text(value), out draft.Severity))
                    errors.Add("severity", $"must be one of {Vocabulary.SeverityNames}");
                draft.HasSeverity = value.ValueKind != JsonValueKind.Null;
                break;
            case "correlation_id":
                if (value.ValueKind == JsonValueKind.Null)
                    break;
                if (IdentifierGrammar.IsVisibleText(Text(value), 128))
                    draft.CorrelationId = Text(value);
                else
                    errors.Add("correlation_id", $"must be 1 to 128 bytes of {ControlFree}");
                break;
            case "data":
                if (value.ValueKind == JsonValueKind.Object)
                    draft.Data = value;
                else if (value.ValueKind != JsonValueKind.Null)
                    errors.Add("data", "must be a JSON object: the payload");
                break;
            case "org_id" or "project_id" or "module" or "seq" or "recorded_at":
                errors.Add(name, "is set by the service: leave it out");
                break;
            default:
                errors.Add(FieldErrors.Short(name), "is not a member of an event: put what the catalogue does not know under data.ext");
                break;
        }
    }

    static void ReadType(JsonElement value, Draft draft, FieldErrors errors)
    {
        var name = Text(value);
        if (name is null)
            errors.Add("type", "must be text: the name of an event type, such as cert.issued");
        else if (!EventCatalogue.TryFind(name, out draft.Type, out var alias))
            errors.Add("type", EventCatalogue.Suggest(name));
        else if (alias)
            draft.SubmittedType = name;
    }

    static void ReadSubject(JsonElement value, Draft draft, Subject? implied, FieldErrors errors)
    {
        draft.HasSubject = true;
        if (value.ValueKind != JsonValueKind.Object || !CanonicalJson.TryGetMembers(value, out var members, out _))
        {
            errors.Add("subject", "must be an object with kind and id, each once");
            return;
        }

        string? kind = null, id = null;
        foreach (var (name, member) in members)
        {
            if (name == "kind")
                kind = Text(member);
            else if (name == "id")
                id = Text(member);
            else
                errors.Add($"subject.{FieldErrors.Short(name)}", "is not a member of a subject: it has kind and id");
        }

        if (!Subject.IsKind(kind))
            errors.Add("subject.kind", $"must be {Subject.KindGrammar}, such as certificate");
        if (!Subject.IsId(id))
            errors.Add("subject.id", $"must be {Subject.IdGrammar}");
        if (!Subject.TryParse(kind, id, out var subject))
            return;
        if (implied is { } named && named != subject)
            errors.Add("subject", $"differs from the path, which names {named}: leave it out or make them agree");
        draft.Subject = subject;
    }

    static void ReadActor(JsonElement value, Draft draft, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Object || !CanonicalJson.TryGetMembers(value, out var members, out _))
        {
            errors.Add("actor", "must be an object with type, id and optionally name, each once");
            return;
        }

        var hasType = false;
        foreach (var (name, member) in members)
        {
            switch (name)
            {
                case "type":
                    hasType = true;
                    if (!Vocabulary.TryParse(Text(member), out draft.ActorType))
                        errors.Add("actor.type", $"must be one of {Vocabulary.ActorTypeNames}");
                    break;
                case "id":
                    draft.ActorId = Text(member);
                    break;
                case "name":
                    if (member.ValueKind == JsonValueKind.Null)
                        break;
                    draft.ActorName = Text(member);
                    if (!IdentifierGrammar.IsVisibleText(draft.ActorName, 256))
                        errors.Add("actor.name", $"must be 1 to 256 bytes of {ControlFree}");
                    break;
                default:
                    errors.Add($"actor.{FieldErrors.Short(name)}", "is not a member of an actor: it has type, id and name");
                    break;
            }
        }

        if (!hasType)
            errors.Add("actor.type", $"is missing: one of {Vocabulary.ActorTypeNames}");
        if (!IdentifierGrammar.IsVisibleText(draft.ActorId, 256))
            errors.Add("actor.id", $"must be 1 to 256 bytes of {ControlFree}");
    }

    static string? Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && CanonicalJson.TryGetText(value, out var text) ? text : null;

    sealed class Draft
    {
        public EventId? Id;
        public bool HasType, HasSubject, HasActor, HasStatus, HasSeverity;
        public EventType? Type;
        public string? SubmittedType;
        public Subject? Subject;
        public DateTimeOffset? OccurredAt;
        public ActorType ActorType;
        public string? ActorId, ActorName;
        public EventStatus Status;
        public Severity Severity;
        public string? CorrelationId;
        public JsonElement? Data;

        public ParsedEvent Complete(FieldErrors errors)
        {
            if (!HasType)
                errors.Add("type", "is missing: the name of an event type, such as cert.issued");
            if (!HasActor)
                errors.Add("actor", "is missing: who did it, an object with type, id and optionally name");
            if (Subject is null && !HasSubject)
                errors.Add("subject", "is missing: what the event is about, an object with kind and id");
            if (Type is { SubjectKind: { } kind } && Subject is { } subject && subject.Kind != kind)
                errors.Add("subject.kind", $"must be {kind} for {Type.Name}");
            if (Type is null || errors.Any && Data is null)
                return new ParsedEvent.Refused(errors.All);

            var data = new ArrayBufferWriter<byte>(512);
            var personal = new ArrayBufferWriter<byte>(256);
            Payload.Split(Type, Data, ActorId ?? "", ActorName, data, personal, errors);
            if (data.WrittenCount + personal.WrittenCount > MaxEventBytes)
                errors.Add("data", $"makes the event larger than {MaxEventBytes} bytes: send less, or a reference to it");
            if (errors.Any)
                return new ParsedEvent.Refused(errors.All);

            return new ParsedEvent.Accepted(new SubmittedEvent
            {
                Id = Id,
                Type = Type,
                SubmittedType = SubmittedType,
                Subject = Subject!.Value,
                OccurredAt = OccurredAt,
                ActorType = ActorType,
                Status = HasStatus ? Status : Type.DefaultStatus,
                Severity = HasSeverity ? Severity : Type.DefaultSeverity,
                CorrelationId = CorrelationId,
                Data = data.WrittenMemory,
                Personal = personal.WrittenMemory,
            });
        }
    }
}
