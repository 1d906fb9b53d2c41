using System.Buffers;
using System.Globalization;
using System.Text;

namespace CertFunctions.Core.Events;

/// <summary>
/// Numbers as RFC 8785 prints them (ECMAScript's Number::toString), and only those a double gives back as they were written: a literal whose
/// digits would change, such as <c>12345678901234567890</c>, is refused rather than rounded in the record.
/// </summary>
static class CanonicalNumber
{
    public static bool TryWrite(ReadOnlySpan<byte> literal, IBufferWriter<byte> output)
    {
        // Up to 15 digits a whole number is exact and its literal already canonical; that is nearly every number there is.
        if (literal.Length <= 15 && !literal.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            output.Write(literal);
            return true;
        }

        if (literal.Length > 512)
            return false;
        var text = Encoding.ASCII.GetString(literal);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return false;
        var written = Decimals.Of(text);
        var kept = Decimals.Of(value.ToString("R", CultureInfo.InvariantCulture));
        if (written.Digits != kept.Digits || written.Point != kept.Point)
            return false;
        output.Write(Encoding.ASCII.GetBytes(Print(value < 0, kept.Digits, kept.Point)));
        return true;
    }

    /// <summary>ECMA-262 Number::toString: digits d, decimal point after n of them.</summary>
    static string Print(bool negative, string d, int n)
    {
        if (d.Length == 0)
            return "0";
        var sign = negative ? "-" : "";
        if (d.Length <= n && n <= 21)
            return sign + d + new string('0', n - d.Length);
        if (n is > 0 and <= 21)
            return $"{sign}{d[..n]}.{d[n..]}";
        if (n is > -6 and <= 0)
            return $"{sign}0.{new string('0', -n)}{d}";
        var exponent = n - 1 < 0 ? $"e-{1 - n}" : $"e+{n - 1}";
        return d.Length == 1 ? sign + d + exponent : $"{sign}{d[0]}.{d[1..]}{exponent}";
    }

    /// <summary>A literal's significant digits, without zeros at either end, and where its decimal point stands: value = 0.Digits × 10^Point.</summary>
    readonly record struct Decimals(string Digits, int Point)
    {
        public static Decimals Of(string literal)
        {
            var mantissaEnd = literal.AsSpan().IndexOfAny('e', 'E');
            var exponent = mantissaEnd < 0 ? 0 : Exponent(literal.AsSpan(mantissaEnd + 1));
            var mantissa = (mantissaEnd < 0 ? literal : literal[..mantissaEnd]).TrimStart('-', '+');
            var point = mantissa.IndexOf('.', StringComparison.Ordinal);
            var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
            if (point < 0)
                point = mantissa.Length;
            var leading = digits.Length - digits.TrimStart('0').Length;
            digits = digits.Trim('0');
            return digits.Length == 0 ? new Decimals("", 0) : new Decimals(digits, point - leading + exponent);
        }

        /// <summary>Bounded before it is read: an exponent of five digits is out of a double's range whatever its mantissa. Leading zeros say nothing.</summary>
        static int Exponent(ReadOnlySpan<char> text)
        {
            var digits = text.TrimStart("+-").TrimStart('0');
            var value = digits.IsEmpty ? 0 : int.Parse(digits[..Math.Min(5, digits.Length)], NumberStyles.None, CultureInfo.InvariantCulture);
            return text[0] == '-' ? -value : value;
        }
    }
}
