using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>A cursor over the tokens of one query.</summary>
sealed class TokenReader(string text)
{
    readonly List<SqlToken> tokens = SqlLexer.Read(text);
    int at;

    public string Text => text;

    public SqlToken Current => tokens[at];

    public SqlToken Next => tokens[Math.Min(at + 1, tokens.Count - 1)];

    public SqlToken Take() => tokens[at < tokens.Count - 1 ? at++ : at];

    /// <summary>The text from a token to the last one taken.</summary>
    public string Since(SqlToken first) => text[first.Start..tokens[Math.Max(0, at - 1)].End];

    public bool TakeWord(string word)
    {
        if (!Current.IsWord(word)) return false;
        at++;
        return true;
    }

    public bool TakeSymbol(string symbol)
    {
        if (!Current.IsSymbol(symbol)) return false;
        at++;
        return true;
    }

    public void ExpectWord(string word)
    {
        if (!TakeWord(word)) throw Unexpected();
    }

    public void ExpectSymbol(string symbol)
    {
        if (!TakeSymbol(symbol)) throw Unexpected();
    }

    /// <summary>Takes a name. A reserved word is none: the service wants <c>c["order"]</c>, not <c>c.order</c>.</summary>
    public string TakeName() => Current.Kind == TokenKind.Word && !ReservedWords.Contains(Current.Text) ? Take().Text : throw Unexpected();

    public ServiceException Unexpected() => SqlLexer.Syntax(text, Current.Start);

    /// <summary>Whether a word stands anywhere on its own, not as a step of a path.</summary>
    public bool HasClause(string word)
    {
        for (var i = 1; i < tokens.Count; i++)
            if (tokens[i].IsWord(word) && !tokens[i - 1].IsSymbol("."))
                return true;

        return false;
    }

    /// <summary>What the FROM clause calls the document: <c>FROM c</c>, <c>FROM root c</c>, <c>FROM root AS c</c>.</summary>
    public string FindAlias()
    {
        var depth = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind == TokenKind.Symbol) depth += tokens[i].Text switch { "(" or "[" or "{" => 1, ")" or "]" or "}" => -1, _ => 0 };
            if (depth != 0 || !tokens[i].IsWord("FROM") || tokens[i + 1].Kind != TokenKind.Word) continue;

            var behind = tokens[i + 2];
            if (behind.IsWord("AS") && tokens[i + 3].Kind == TokenKind.Word) return tokens[i + 3].Text;
            string[] clauses = ["WHERE", "ORDER", "GROUP", "OFFSET", "JOIN", "IN"];
            return behind.Kind == TokenKind.Word && !clauses.Contains(behind.Text, StringComparer.OrdinalIgnoreCase) ? behind.Text : tokens[i + 1].Text;
        }

        return "c";
    }
}
