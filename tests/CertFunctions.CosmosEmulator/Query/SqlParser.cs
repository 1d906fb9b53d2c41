using System.Globalization;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>Reads the clauses of a query; <see cref="ExpressionParser"/> reads what stands in them.</summary>
sealed class SqlParser
{
    static readonly string[] ClauseWords = ["FROM", "WHERE", "ORDER", "GROUP", "OFFSET", "LIMIT", "JOIN", "IN", "AS"];

    readonly TokenReader tokens;
    readonly ExpressionParser expressions;

    SqlParser(string text, IReadOnlyDictionary<string, SqlValue> parameters)
    {
        tokens = new TokenReader(text);
        expressions = new ExpressionParser(tokens, parameters);
    }

    public static SqlQuery Parse(string text, IReadOnlyDictionary<string, SqlValue> parameters) => new SqlParser(text, parameters).Query();

    SqlQuery Query()
    {
        // A join's own names would read as unknown ones long before its clause is reached.
        if (tokens.HasClause("JOIN")) throw ServiceException.NotEmulated("JOIN");

        // The alias is declared behind its first use, so it is looked up before anything else is read.
        var alias = tokens.FindAlias();
        expressions.Alias = alias;

        tokens.ExpectWord("SELECT");
        var distinct = tokens.TakeWord("DISTINCT");
        int? top = tokens.TakeWord("TOP") ? Count("TOP") : null;
        var select = Select();
        var aggregates = expressions.Aggregates.Count;
        if (tokens.TakeWord("FROM")) From(alias);
        var where = tokens.TakeWord("WHERE") ? expressions.Read() : null;
        if (expressions.Aggregates.Count > aggregates) throw ServiceException.BadRequest("Cannot perform an aggregate function in a WHERE clause.");
        if (tokens.Current.IsWord("GROUP")) throw ServiceException.NotEmulated("GROUP BY");
        if (aggregates > 0) CheckAggregated(select);

        var order = new List<OrderByItem>();
        if (tokens.TakeWord("ORDER"))
        {
            tokens.ExpectWord("BY");
            do order.Add(OrderItem());
            while (tokens.TakeSymbol(","));
        }

        int? offset = null, limit = null;
        if (tokens.TakeWord("OFFSET"))
        {
            offset = Count("OFFSET");
            tokens.ExpectWord("LIMIT");
            limit = Count("LIMIT");
        }

        if (tokens.Current.Kind != TokenKind.End) throw tokens.Unexpected();
        if (expressions.Aggregates.Count > 0 && order.Count > 0) throw ServiceException.NotEmulated("an aggregate together with ORDER BY");
        return new SqlQuery
        {
            Text = tokens.Text,
            Alias = alias,
            Distinct = distinct,
            Top = top,
            Select = select,
            Where = where,
            OrderBy = order,
            Offset = offset,
            Limit = limit,
            Aggregates = expressions.Aggregates,
        };
    }

    Projection Select()
    {
        if (tokens.TakeSymbol("*")) return new Projection.Everything();
        if (tokens.TakeWord("VALUE")) return new Projection.Value(expressions.Read());

        var columns = new List<(string, SqlExpression)>();
        do
        {
            var expression = expressions.Read();
            var name = tokens.TakeWord("AS") || (tokens.Current.Kind == TokenKind.Word && !ClauseWords.Contains(tokens.Current.Text, StringComparer.OrdinalIgnoreCase))
                ? tokens.TakeName()
                : NameOf(expression, columns.Count);
            columns.Add((name, expression));
        }
        while (tokens.TakeSymbol(","));

        return new Projection.Columns(columns);
    }

    /// <summary>Beside an aggregate there is no one document for a path to be of.</summary>
    static void CheckAggregated(Projection select)
    {
        IEnumerable<SqlExpression> selected = select switch
        {
            Projection.Value value => [value.Expression],
            Projection.Columns columns => columns.Items.Select(item => item.Expression),
            _ => [],
        };
        if (selected.Any(HasBarePath))
            throw ServiceException.BadRequest("Property reference is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.");

        static bool HasBarePath(SqlExpression expression) => expression switch
        {
            SqlExpression.Property => true,
            SqlExpression.Aggregate or SqlExpression.Constant => false,
            SqlExpression.Member member => HasBarePath(member.Of) || HasBarePath(member.Key),
            SqlExpression.Arithmetic arithmetic => HasBarePath(arithmetic.Left) || HasBarePath(arithmetic.Right),
            SqlExpression.Comparison comparison => HasBarePath(comparison.Left) || HasBarePath(comparison.Right),
            SqlExpression.Negate negate => HasBarePath(negate.Operand),
            SqlExpression.Call call => call.Arguments.Any(HasBarePath),
            SqlExpression.ArrayOf array => array.Items.Any(HasBarePath),
            SqlExpression.ObjectOf built => built.Properties.Any(property => HasBarePath(property.Value)),
            _ => throw ServiceException.NotEmulated("this expression together with an aggregate"),
        };
    }

    /// <summary>A path without AS is named by its last step; anything computed is $1, $2, … as the service has it.</summary>
    string NameOf(SqlExpression expression, int column) => expression switch
    {
        SqlExpression.Property { Path.Segments: [.., var last] } => last,
        SqlExpression.Property => expressions.Alias,
        _ => string.Create(CultureInfo.InvariantCulture, $"${column + 1}"),
    };

    void From(string alias)
    {
        tokens.TakeName();
        if (tokens.Current.IsWord("IN")) throw ServiceException.NotEmulated("FROM … IN (iterating over an array)");
        if (tokens.Current.IsSymbol(".") || tokens.Current.IsSymbol("[")) throw ServiceException.NotEmulated("FROM over a part of the document");
        if (tokens.TakeWord("AS") || tokens.Current.IsWord(alias)) tokens.TakeName();
    }

    OrderByItem OrderItem()
    {
        if (tokens.Current.IsWord("RANK")) throw ServiceException.NotEmulated("ORDER BY RANK");
        var expression = expressions.Read();
        var descending = tokens.TakeWord("DESC");
        if (!descending) tokens.TakeWord("ASC");
        return new OrderByItem(expression, descending);
    }

    int Count(string clause) => expressions.ReadPrimary() is SqlExpression.Constant { Value: { Kind: SqlKind.Number, Number: >= 0 and <= int.MaxValue } value } && value.Number == Math.Floor(value.Number)
        ? (int)value.Number
        : throw ServiceException.BadRequest($"{clause} takes a non-negative integer or a parameter that holds one.");
}
