namespace CertFunctions.Infra.Tests.Bicep;

enum TokenKind
{
    Word,
    Number,
    Text,
    Sign,
    End,
}

/// <summary>A piece of a file. A text has its parts: strings, and lists of tokens where something is interpolated.</summary>
sealed record Token(TokenKind Kind, string Value, int Line, IReadOnlyList<object>? Parts = null);

/// <summary>Cuts a file into tokens. Comments and <c>#</c> directives go; line numbers stay, since line ends separate.</summary>
sealed class Tokens(string path, string source)
{
    static readonly string[] Signs = ["??", "&&", "||", "==", "!=", "<=", ">=", "=~", "!~", "=>", "::", ".?", "...", "{", "}", "[", "]", "(", ")", "@", ",", ":", "=", "?", ".", "!", "+", "-", "*", "/", "%", "<", ">", "|"];

    int at;
    int line = 1;

    public static List<Token> Of(string path, string source) => new Tokens(path, source).Read(interpolated: false);

    List<Token> Read(bool interpolated)
    {
        var tokens = new List<Token>();
        var open = new Stack<string>();
        while (true)
        {
            SkipBlanks();
            if (at == source.Length)
            {
                if (interpolated || open.Count > 0)
                    throw Wrong(open.Count > 0 ? $"'{open.Peek()}' is not closed" : "'${' is not closed");
                tokens.Add(new Token(TokenKind.End, "", line));
                return tokens;
            }

            var token = Next();
            if (token is { Kind: TokenKind.Sign, Value: "{" or "[" or "(" })
                open.Push(token.Value);
            if (token is { Kind: TokenKind.Sign, Value: "}" or "]" or ")" })
            {
                if (interpolated && open.Count == 0 && token.Value == "}")
                {
                    tokens.Add(new Token(TokenKind.End, "", line));
                    return tokens;
                }

                if (open.Count == 0 || $"{open.Peek()}{token.Value}" is not ("{}" or "[]" or "()"))
                    throw Wrong($"'{token.Value}' closes nothing");
                open.Pop();
            }

            tokens.Add(token);
        }
    }

    void SkipBlanks()
    {
        while (at < source.Length)
        {
            if (source[at] == '\n')
                line++;
            if (char.IsWhiteSpace(source[at]))
                at++;
            else if (source[at] == '#' || source.AsSpan(at).StartsWith("//"))
                at = source.IndexOf('\n', at) is >= 0 and var end ? end : source.Length;
            else
                return;
        }
    }

    Token Next()
    {
        var start = at;
        var c = source[at];
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] == '_'))
                at++;
            return new Token(TokenKind.Word, source[start..at], line);
        }

        if (char.IsAsciiDigit(c))
        {
            while (at < source.Length && char.IsAsciiDigit(source[at]))
                at++;
            return new Token(TokenKind.Number, source[start..at], line);
        }

        if (c == '\'')
            return ReadText();
        var sign = Signs.FirstOrDefault(s => string.CompareOrdinal(source, at, s, 0, s.Length) == 0) ?? throw Wrong($"'{c}' is not expected here");
        at += sign.Length;
        return new Token(TokenKind.Sign, sign, line);
    }

    Token ReadText()
    {
        if (string.CompareOrdinal(source, at, "'''", 0, 3) == 0)
            throw Wrong("texts of several lines are not used here");
        var (first, parts, text) = (line, new List<object>(), new System.Text.StringBuilder());
        for (at++; ; at++)
        {
            if (at == source.Length || source[at] == '\n')
                throw Wrong("the text is not closed");
            if (source[at] == '\'')
                break;
            if (source[at] == '\\')
            {
                at++;
                text.Append(at < source.Length ? source[at] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', '\'' => '\'', '\\' => '\\', '$' => '$', _ => throw Wrong("no such escape") } : ' ');
            }
            else if (source[at] == '$' && at + 1 < source.Length && source[at + 1] == '{')
            {
                if (text.Length > 0)
                    parts.Add(text.ToString());
                text.Clear();
                at += 2;
                parts.Add(Read(interpolated: true));
                at--; // the closing brace is the last character read
            }
            else
            {
                text.Append(source[at]);
            }
        }

        at++;
        if (text.Length > 0)
            parts.Add(text.ToString());
        return new Token(TokenKind.Text, "", first, parts);
    }

    BicepException Wrong(string what) => new(path, line, what);
}
