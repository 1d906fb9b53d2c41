using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CertFunctions.Core.Events;

/// <summary>
/// RFC 8785 (JSON Canonicalization Scheme): the one spelling of a JSON value that is hashed. Refuses what has no exact canonical form: a member
/// name that comes twice, a lone surrogate or ill-formed UTF-8, a number that a double does not hold exactly as written.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Levels of nesting inside one value; a payload deeper than this is refused.</summary>
    public const int MaxDepth = 32;

    static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f"
        + "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f");

    /// <summary>
    /// Writes the canonical form; false with the fault in <paramref name="errors"/> where there is none (then part of it may be written).
    /// <paramref name="path"/> names the value in those faults.
    /// </summary>
    public static bool TryWrite(JsonElement value, IBufferWriter<byte> output, string path, FieldErrors errors) =>
        new Walk(output, errors, path).TryWrite(value);

    /// <summary>One walk over one value. Where it stands is spelled out only when there is a fault to name.</summary>
    readonly struct Walk(IBufferWriter<byte> output, FieldErrors errors, string root)
    {
        readonly Stack<string> path = new();

        public bool TryWrite(JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    return TryWriteObject(value);
                case JsonValueKind.Array:
                    return TryWriteArray(value);
                case JsonValueKind.String:
                    return TryWriteText(value, output) || Fault("is not well-formed text: use valid UTF-8 without lone surrogates");
                case JsonValueKind.Number:
                    return CanonicalNumber.TryWrite(JsonMarshal.GetRawUtf8Value(value), output)
                        || Fault("is a number that a double does not hold as written: send it as a string");
                case JsonValueKind.True:
                    output.Write("true"u8);
                    return true;
                case JsonValueKind.False:
                    output.Write("false"u8);
                    return true;
                case JsonValueKind.Null:
                    output.Write("null"u8);
                    return true;
                default:
                    return Fault("is not a JSON value");
            }
        }

        bool TryWriteObject(JsonElement value)
        {
            if (path.Count >= MaxDepth)
                return TooDeep();
            if (!TryGetMembers(value, out var members, out var twice))
                return twice is null ? Fault(IllFormedName) : Fault("comes more than once: send each member once", twice);
            output.Write("{"u8);
            for (var i = 0; i < members.Count; i++)
            {
                if (i > 0)
                    output.Write(","u8);
                WriteString(members[i].Name, output);
                output.Write(":"u8);
                path.Push(members[i].Name);
                if (!TryWrite(members[i].Value))
                    return false;
                path.Pop();
            }

            output.Write("}"u8);
            return true;
        }

        bool TryWriteArray(JsonElement value)
        {
            if (path.Count >= MaxDepth)
                return TooDeep();
            output.Write("["u8);
            var first = true;
            path.Push("[]");
            foreach (var item in value.EnumerateArray())
            {
                if (!first)
                    output.Write(","u8);
                first = false;
                if (!TryWrite(item))
                    return false;
            }

            path.Pop();
            output.Write("]"u8);
            return true;
        }

        bool TooDeep() => Fault($"is nested deeper than {MaxDepth} levels: flatten it");

        bool Fault(string mend, string? below = null)
        {
            var steps = path.Reverse().Append(below).OfType<string>();
            errors.Add(steps.Aggregate(root, (at, step) => step == "[]" || at.Length == 0 ? at + step : $"{at}.{step}"), mend);
            return false;
        }
    }

    internal const string IllFormedName = "has a member whose name is not well-formed text: use valid UTF-8 without lone surrogates";

    /// <summary>
    /// The members of an object in canonical order (by UTF-16 code unit); false where a name comes <paramref name="twice"/> or (then that is
    /// null) is not well-formed text.
    /// </summary>
    internal static bool TryGetMembers(JsonElement value, out List<(string Name, JsonElement Value)> members, out string? twice)
    {
        members = new List<(string, JsonElement)>(value.GetPropertyCount());
        twice = null;
        var sorted = true;
        foreach (var member in value.EnumerateObject())
        {
            if (!TryGetName(member, out var name))
                return false;
            sorted &= members.Count == 0 || string.CompareOrdinal(members[^1].Name, name) < 0;
            members.Add((name, member.Value));
        }

        if (sorted)
            return true;
        members.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (var i = 1; i < members.Count; i++)
        {
            if (members[i].Name == members[i - 1].Name)
            {
                twice = members[i].Name;
                return false;
            }
        }

        return true;
    }

    /// <summary>The text of a JSON string; false for ill-formed UTF-8 and lone surrogates.</summary>
    internal static bool TryGetText(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    static bool TryGetName(JsonProperty member, out string name)
    {
        try
        {
            name = member.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = "";
            return false;
        }
    }

    static bool TryWriteText(JsonElement value, IBufferWriter<byte> output)
    {
        // A JSON string without escapes holds no control character, so what was sent is the canonical form already if it is valid UTF-8.
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (!raw.Contains((byte)'\\') && Utf8.IsValid(raw))
        {
            output.Write(raw);
            return true;
        }

        if (!TryGetText(value, out var text))
            return false;
        WriteString(text, output);
        return true;
    }

    /// <summary>Writes well-formed text as a canonical JSON string, quotes included.</summary>
    public static void WriteString(string text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var next = rest.IndexOfAny(Escaped);
            var plain = next < 0 ? rest : rest[..next];
            output.Advance(Encoding.UTF8.GetBytes(plain, output.GetSpan(Encoding.UTF8.GetMaxByteCount(plain.Length))));
            if (next < 0)
                break;
            WriteEscape(rest[next], output);
            rest = rest[(next + 1)..];
        }

        output.Write("\""u8);
    }

    static void WriteEscape(char c, IBufferWriter<byte> output)
    {
        switch (c)
        {
            case '"': output.Write("\\\""u8); break;
            case '\\': output.Write("\\\\"u8); break;
            case '\b': output.Write("\\b"u8); break;
            case '\t': output.Write("\\t"u8); break;
            case '\n': output.Write("\\n"u8); break;
            case '\f': output.Write("\\f"u8); break;
            case '\r': output.Write("\\r"u8); break;
            default: output.Write(Encoding.ASCII.GetBytes($"\\u{(int)c:x4}")); break;
        }
    }
}
