using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Random JSON, as text: every kind of value, spelled in every way JSON allows.</summary>
static class JsonTexts
{
    /// <summary>Numbers that a double holds as written.</summary>
    public static Gen<string> ExactNumber { get; } = Gen.OneOf(
        Gen.Choose(int.MinValue, int.MaxValue).Select(n => n.ToString(CultureInfo.InvariantCulture)),
        Gen.Elements("0", "-0", "0.0", "1e2", "1E+2", "10e-1", "4.50", "1e21", "1e20", "123456789012345680000", "1e-6", "1e-7", "5e-324", "1.7976931348623157e308"),
        Bits.Where(double.IsFinite).Select(d => d.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Number literals by JSON's grammar; most of them no double gives back.</summary>
    public static Gen<string> AnyNumber { get; } =
        from sign in Gen.Elements("", "-")
        from whole in Gen.OneOf(Gen.Constant("0"), Digits(1, 22).Select(d => "1" + d), Digits(0, 4).Select(d => "7" + d))
        from fraction in Gen.OneOf(Gen.Constant(""), Digits(1, 20).Select(d => "." + d), Digits(1, 3).Select(d => "." + d))
        from exponent in Gen.OneOf(Gen.Constant(""), from e in Gen.Elements("e", "E") from s in Gen.Elements("", "+", "-") from zeros in Gen.Elements("", "0", "0000000") from d in Digits(1, 3) select e + s + zeros + d)
        select sign + whole + fraction + exponent;

    public static Gen<string> Text { get; } =
        from runes in Rune(wellFormed: true).ListOf()
        select '"' + string.Concat(runes) + '"';

    /// <summary>Values that have a canonical form.</summary>
    public static Gen<string> Value { get; } = Gen.Sized(size => Tree(Math.Min(size, 40), ExactNumber, Text));

    /// <summary>Values that may have none: inexact numbers, lone surrogates, members twice.</summary>
    public static Gen<string> Doubtful { get; } = Gen.Sized(size => Tree(
        Math.Min(size, 40),
        Gen.Frequency((3, ExactNumber), (1, AnyNumber)),
        Gen.Frequency((9, Text), (1, Rune(wellFormed: false).ListOf().Select(r => '"' + string.Concat(r) + '"')))));

    static Gen<double> Bits => from high in Gen.Choose(int.MinValue, int.MaxValue)
                               from low in Gen.Choose(int.MinValue, int.MaxValue)
                               select BitConverter.Int64BitsToDouble(((long)high << 32) | (uint)low);

    static Gen<string> Digits(int least, int most) =>
        from count in Gen.Choose(least, most)
        from digits in Gen.Elements("0123456789".ToCharArray()).ArrayOf(count)
        select new string(digits);

    /// <summary>One character as JSON may spell it: as it is, or with an escape.</summary>
    static Gen<string> Rune(bool wellFormed)
    {
        var scalar = Gen.OneOf(Gen.Choose(0, 0x7F), Gen.Choose(0x80, 0x7FF), Gen.Choose(0x800, 0xD7FF), Gen.Choose(0xE000, 0xFFFF), Gen.Choose(0x10000, 0x10FFFF));
        var spelled = from value in scalar
                      from escaped in Gen.Elements(true, false)
                      from upper in Gen.Elements(true, false)
                      select Spell(new Rune(value).ToString(), escaped, upper);
        var special = Gen.Elements("\\n", "\\r", "\\t", "\\b", "\\f", "\\/", "/", "\\\\", "\\\"", "\\u0022", "\\u005c", "\u2028");
        var half = Gen.Choose(0xD800, 0xDFFF).Select(c => $"\\u{c:x4}");
        return wellFormed ? Gen.Frequency((4, spelled), (1, special)) : Gen.Frequency((4, spelled), (1, half));
    }

    static string Spell(string text, bool escaped, bool upper)
    {
        if (!escaped && text[0] >= ' ' && text is not ("\"" or "\\"))
            return text;
        return string.Concat(text.Select(c => "\\u" + ((int)c).ToString(upper ? "X4" : "x4", CultureInfo.InvariantCulture)));
    }

    static Gen<string> Tree(int size, Gen<string> number, Gen<string> text)
    {
        var leaf = Gen.OneOf(number, text, Gen.Elements("true", "false", "null"));
        if (size <= 1)
            return leaf;
        var below = Gen.Choose(0, 5).SelectMany(count => Tree(size / 3, number, text).ListOf(count));
        var array = below.Select(items => "[" + string.Join(" , ", items) + "]");
        var thing = from items in below
                    from names in text.ListOf(items.Count)
                    select "{" + string.Join(",", names.Select((name, i) => Name(name, i) + " : " + items[i])) + "}";
        return Gen.OneOf(leaf, array, thing);
    }

    /// <summary>Names are told apart by what they end in, whatever they are spelled like.</summary>
    static string Name(string text, int i) => text[..^1] + (char)('a' + i) + '"';
}
