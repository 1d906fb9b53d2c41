using System.Globalization;
using CertFunctions.Core.Events;

namespace CertFunctions.Http.Wire;

/// <summary>Parameters that more than one call takes.</summary>
static class PageParameters
{
    public static int Limit(string value, int most, FieldErrors errors)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit < 1 || limit > most)
            errors.Add("limit", $"must be a whole number from 1 to {most}");
        return limit;
    }

    public static DateTimeOffset? Time(string name, string value, FieldErrors errors)
    {
        if (Rfc3339.TryParse(value, out var time))
            return time;
        errors.Add(name, $"must be {Rfc3339.Grammar} (in a URL, a + is written %2B)");
        return null;
    }

    public static string Cursor(string value, FieldErrors errors)
    {
        if (value.Length == 0)
            errors.Add("cursor", "is empty: leave it out for the first page, or send next_cursor of the page before");
        return value;
    }
}
