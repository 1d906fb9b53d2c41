namespace CertFunctions.Emulation.Query;

enum TokenKind
{
    End,
    Word,
    Parameter,
    Number,
    String,
    Symbol,
}

/// <summary>One token with its place in the text, so that a plan can quote a clause as it was written.</summary>
readonly record struct SqlToken(TokenKind Kind, string Text, int Start, int End)
{
    public bool IsWord(string word) => Kind == TokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}
