using System.Globalization;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Certificates;

/// <summary>An inventory's query string, read strictly: a parameter that is misspelled, doubled or malformed is named, never ignored.</summary>
sealed record InventoryParameters(CertificateQuery Query, TimeSpan? Within, string? Cursor, int Limit)
{
    const int LongestIssuer = 4096;

    static readonly TimeSpan LongestWindow = TimeSpan.FromDays(36_500);

    public static InventoryParameters Parse(IQueryCollection parameters, OrgId org, ProjectId project, DateTimeOffset now, out FieldErrors errors)
    {
        errors = new FieldErrors();
        var query = new CertificateQuery { Org = org, Project = project, Now = now };
        TimeSpan? within = null;
        string? cursor = null;
        var limit = ListCertificates.DefaultLimit;
        foreach (var (name, values) in parameters)
        {
            if (values.Count > 1)
            {
                errors.Add(name, "comes more than once: send it once");
                continue;
            }

            var value = values.ToString();
            switch (name)
            {
                case "status":
                    if (CertificateStatuses.TryParse(value, out var status))
                        query = query with { Status = status };
                    else
                        errors.Add(name, $"must be one of {CertificateStatuses.Names}");
                    break;
                case "issuer":
                    if (value.Length is 0 or > LongestIssuer)
                        errors.Add(name, $"must be an issuer's name as its certificates have it, 1 to {LongestIssuer} characters");
                    query = query with { Issuer = value };
                    break;
                case "expiring_within":
                    within = Window(name, value, errors);
                    break;
                case "name":
                    query = Named(query, name, value, errors);
                    break;
                case "sort":
                    if (value is not ("expiry" or "-expiry"))
                        errors.Add(name, "must be expiry (what ends first comes first) or -expiry");
                    query = query with { LatestFirst = value == "-expiry" };
                    break;
                case "limit":
                    limit = PageParameters.Limit(value, ListCertificates.MaxLimit, errors);
                    break;
                case "cursor":
                    cursor = PageParameters.Cursor(value, errors);
                    break;
                default:
                    errors.Add(FieldErrors.Short(name), "is not a parameter of this call: it takes status, issuer, expiring_within, name, sort, limit and cursor");
                    break;
            }
        }

        return new InventoryParameters(query, within, cursor, limit);
    }

    /// <summary>A name; one that begins with a dot stands for all below it as well.</summary>
    static CertificateQuery Named(CertificateQuery query, string parameter, string value, FieldErrors errors)
    {
        var plain = CertificateNames.Plain(value);
        var below = plain.StartsWith('.');
        plain = below ? plain[1..] : plain;
        if (plain.Length is 0 or > CertificateNames.Longest)
            errors.Add(parameter, $"must be a name such as shop.example, or .example for it and all names below it, at most {CertificateNames.Longest} characters");
        return query with { Name = plain, NameBelow = below };
    }

    static TimeSpan? Window(string name, string value, FieldErrors errors)
    {
        if (value.Length > 1 && long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 876_000)
        {
            TimeSpan? window = value[^1] switch { 'd' => TimeSpan.FromDays(number), 'h' => TimeSpan.FromHours(number), _ => null };
            if (window <= LongestWindow)
                return window;
        }

        errors.Add(name, "must be a whole number of days or hours, such as 30d or 12h, at most 36500d");
        return null;
    }
}
