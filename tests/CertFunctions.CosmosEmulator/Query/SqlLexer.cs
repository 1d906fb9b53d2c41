using System.Globalization;
using System.Text;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>Cuts a query text into tokens.</summary>
static class SqlLexer
{
    static readonly string[] Symbols = ["<>", "!=", "<=", ">=", "||", "??", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", ":", "*", "+", "-", "/", "%", "?"];

    public static List<SqlToken> Read(string text)
    {
        var tokens = new List<SqlToken>();
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
                continue;
            }

            if (c == '-' && at + 1 < text.Length && text[at + 1] == '-')
            {
                while (at < text.Length && text[at] != '\n') at++;
                continue;
            }

            var token = c switch
            {
                '\'' or '"' => Quoted(text, at),
                '@' => new SqlToken(TokenKind.Parameter, Word(text, at, 1), at, at + Word(text, at, 1).Length),
                '_' => WordToken(text, at),
                _ when char.IsLetter(c) => WordToken(text, at),
                _ when char.IsAsciiDigit(c) => Number(text, at),
                _ => Symbol(text, at),
            };
            tokens.Add(token);
            at = token.End;
        }

        tokens.Add(new SqlToken(TokenKind.End, string.Empty, text.Length, text.Length));
        return tokens;
    }

    static SqlToken WordToken(string text, int at)
    {
        var word = Word(text, at, 0);
        return new SqlToken(TokenKind.Word, word, at, at + word.Length);
    }

    static string Word(string text, int at, int skip)
    {
        var end = at + skip;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_')) end++;
        return text[at..end];
    }

    static SqlToken Number(string text, int at)
    {
        var end = at;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.' or 'e' or 'E'
            || (text[end] is '+' or '-' && text[end - 1] is 'e' or 'E')))
            end++;

        return new SqlToken(TokenKind.Number, text[at..end], at, end);
    }

    static SqlToken Symbol(string text, int at)
    {
        var symbol = Array.Find(Symbols, each => string.CompareOrdinal(text, at, each, 0, each.Length) == 0)
            ?? throw Syntax(text, at);
        return new SqlToken(TokenKind.Symbol, symbol, at, at + symbol.Length);
    }

    static SqlToken Quoted(string text, int at)
    {
        var value = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == text[at]) return new SqlToken(TokenKind.String, value.ToString(), at, i + 1);
            if (text[i] != '\\')
            {
                value.Append(text[i]);
                continue;
            }

            if (++i == text.Length) break;
            switch (text[i])
            {
                case 'u' when i + 4 < text.Length
                    && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code):
                    value.Append((char)code);
                    i += 4;
                    break;
                case 'n': value.Append('\n'); break;
                case 'r': value.Append('\r'); break;
                case 't': value.Append('\t'); break;
                case 'b': value.Append('\b'); break;
                case 'f': value.Append('\f'); break;
                default: value.Append(text[i]); break;
            }
        }

        throw Syntax(text, at);
    }

    public static ServiceException Syntax(string text, int at) => ServiceException.BadRequest(
        $"Syntax error, incorrect syntax near '{(at < text.Length ? text[at..Math.Min(text.Length, at + 20)] : "the end")}' at position {at}.");
}
