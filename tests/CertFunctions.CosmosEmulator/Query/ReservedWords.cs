namespace CertFunctions.Emulation.Query;

/// <summary>
/// The words that cannot be a name without quotes, as found by asking the query parser that ships with the SDK.
/// An emulator that took <c>c.value</c> would pass what fails in the cloud.
/// </summary>
static class ReservedWords
{
    static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        "AND", "ARRAY", "AS", "ASC", "BETWEEN", "BY", "CASE", "CAST", "CONVERT", "CROSS", "DESC", "DISTINCT", "ELSE", "END", "ESCAPE", "EXISTS",
        "FALSE", "FOR", "FROM", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET",
        "ON", "OR", "ORDER", "OUTER", "OVER", "RIGHT", "SELECT", "SET", "THEN", "TOP", "TRUE", "UDF", "UNDEFINED", "UPDATE", "VALUE", "WHEN",
        "WHERE", "WITH",
    };

    public static bool Contains(string word) => Words.Contains(word);
}
