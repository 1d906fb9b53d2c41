using CertFunctions.Core.Events;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Timeline;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Timeline;

/// <summary>A timeline's query string, read strictly: a parameter that is misspelled, doubled or malformed is named, never ignored.</summary>
sealed record TimelineParameters(TimelineQuery Query, string? Cursor, int Limit)
{
    const int MostTypes = 50;

    public static TimelineParameters Parse(IQueryCollection query, SubjectAddress address, out FieldErrors errors)
    {
        errors = new FieldErrors();
        var timeline = new TimelineQuery { Address = address };
        string? cursor = null;
        var limit = ReadTimeline.DefaultLimit;
        foreach (var (name, values) in query)
        {
            if (name != "type" && values.Count > 1)
            {
                errors.Add(name, "comes more than once: send it once");
                continue;
            }

            var value = values.ToString();
            switch (name)
            {
                case "type":
                    timeline = timeline with { Types = Types(value, errors) };
                    break;
                case "after":
                    timeline = timeline with { After = PageParameters.Time(name, value, errors) };
                    break;
                case "before":
                    timeline = timeline with { Before = PageParameters.Time(name, value, errors) };
                    break;
                case "order":
                    if (value is not ("desc" or "asc"))
                        errors.Add(name, "must be desc (newest first) or asc (oldest first)");
                    timeline = timeline with { Order = value == "asc" ? TimelineOrder.OldestFirst : TimelineOrder.NewestFirst };
                    break;
                case "limit":
                    limit = PageParameters.Limit(value, ReadTimeline.MaxLimit, errors);
                    break;
                case "cursor":
                    cursor = PageParameters.Cursor(value, errors);
                    break;
                default:
                    errors.Add(FieldErrors.Short(name), "is not a parameter of this call: it takes type, after, before, order, limit and cursor");
                    break;
            }
        }

        return new TimelineParameters(timeline, cursor, limit);
    }

    static IReadOnlyList<string> Types(string value, FieldErrors errors)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (EventCatalogue.TryFind(name, out var type, out _))
                types.Add(type.Name);
            else
                errors.Add("type", name.Length == 0 ? "has an empty name in it: separate names by single commas" : $"{FieldErrors.Short(name)} {EventCatalogue.Suggest(name)}");
        }

        if (types.Count > MostTypes)
            errors.Add("type", $"names more than {MostTypes} types: leave it out to get all");
        return [.. types];
    }
}
