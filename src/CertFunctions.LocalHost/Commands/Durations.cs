using System.CommandLine;
using System.Globalization;

namespace CertFunctions.LocalHost.Commands;

/// <summary>Times as a person writes them: a whole number with <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c> after it.</summary>
static class Durations
{
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>An option that takes a time of one second to <see cref="Longest"/>, and, where it may be, <c>off</c>, which is zero.</summary>
    public static Option<TimeSpan> Option(string name, string description, TimeSpan otherwise, bool mayBeOff = false)
    {
        var option = new Option<TimeSpan>(name) { Description = description, HelpName = "TIME", DefaultValueFactory = _ => otherwise };
        option.CustomParser = result =>
        {
            if (result.Tokens is [var token] && TryParse(token.Value, out var time))
                return time;
            if (mayBeOff && result.Tokens is [{ Value: "off" }])
                return TimeSpan.Zero;
            result.AddError($"{name} must be a whole number with s, m, h or d after it, such as 15m, at most 7d{(mayBeOff ? "; or off" : "")}");
            return otherwise;
        };
        return option;
    }

    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 604_800)
            return false;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        time = number * (unit ?? TimeSpan.Zero);
        return unit is not null && time <= Longest;
    }
}
