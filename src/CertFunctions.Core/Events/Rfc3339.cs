using System.Globalization;
using System.Text;

namespace CertFunctions.Core.Events;

/// <summary>
/// RFC 3339 times, strictly: a full date, <c>T</c>, a time with optional fraction, and a zone (<c>Z</c> or an offset). What we print is UTC with
/// <c>Z</c> and a fraction of at most 7 digits, trailing zeros left out (100 ns, the clock's own grain); finer digits that come in are cut.
/// </summary>
public static class Rfc3339
{
    public const string Grammar = "an RFC 3339 time with a zone, such as 2026-03-01T12:00:00Z";

    /// <summary>Bytes, or characters, that a printed time takes at most.</summary>
    public const int Longest = 28;

    public static string Format(DateTimeOffset time)
    {
        Span<byte> utf8 = stackalloc byte[Longest];
        return Encoding.ASCII.GetString(utf8[..Format(time, utf8)]);
    }

    /// <summary>Prints the time in UTF-8; how many bytes it takes, at most <see cref="Longest"/>.</summary>
    public static int Format(DateTimeOffset time, Span<byte> utf8)
    {
        // "O" prints all 7 digits of the fraction, then Z; a format of our own would be interpreted anew each time, which takes longer.
        time.UtcDateTime.TryFormat(utf8, out var length, "O", CultureInfo.InvariantCulture);
        length = utf8[..(length - 1)].TrimEnd((byte)'0').TrimEnd((byte)'.').Length;
        utf8[length] = (byte)'Z';
        return length + 1;
    }

    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 20 or > 35)
            return false;
        var s = text.AsSpan();
        if (!Number(s, 0, 4, out var year) || s[4] != '-' || !Number(s, 5, 2, out var month) || s[7] != '-' || !Number(s, 8, 2, out var day)
            || s[10] is not ('T' or 't') || !Number(s, 11, 2, out var hour) || s[13] != ':' || !Number(s, 14, 2, out var minute) || s[16] != ':'
            || !Number(s, 17, 2, out var second))
            return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
            return false;

        var at = 19;
        long fraction = 0;
        if (s[at] == '.')
        {
            var start = ++at;
            var scale = TimeSpan.TicksPerSecond;
            for (; at < s.Length && char.IsAsciiDigit(s[at]); at++)
            {
                scale /= 10;
                fraction += (s[at] - '0') * scale;
            }

            if (at == start || at - start > 9)
                return false;
        }

        if (!Zone(s[at..], out var offset))
            return false;
        var ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction - offset.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
            return false;
        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    static bool Zone(ReadOnlySpan<char> s, out TimeSpan offset)
    {
        offset = default;
        if (s is "Z" or "z")
            return true;
        if (s.Length != 6 || s[0] is not ('+' or '-') || s[3] != ':' || !Number(s, 1, 2, out var hours) || !Number(s, 4, 2, out var minutes)
            || hours > 23 || minutes > 59)
            return false;
        offset = new TimeSpan(hours, minutes, 0);
        if (s[0] == '-')
            offset = -offset;
        return true;
    }

    static bool Number(ReadOnlySpan<char> s, int start, int length, out int value)
    {
        value = 0;
        for (var i = start; i < start + length; i++)
        {
            if (!char.IsAsciiDigit(s[i]))
                return false;
            value = value * 10 + (s[i] - '0');
        }

        return true;
    }
}
