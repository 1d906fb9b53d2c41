using System.Globalization;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Storage;
using static CertFunctions.Emulation.Query.SqlExpression;

namespace CertFunctions.Emulation.Query;

/// <summary>Reads one expression, loosest binding first.</summary>
sealed class ExpressionParser(TokenReader tokens, IReadOnlyDictionary<string, SqlValue> parameters)
{
    static readonly string[] Comparisons = ["=", "!=", "<>", "<=", ">=", "<", ">"];
    static readonly string[] AggregateNames = ["COUNT", "SUM", "MIN", "MAX", "AVG"];

    public string Alias { get; set; } = "c";

    public List<Aggregate> Aggregates { get; } = [];

    public SqlExpression Read()
    {
        var first = tokens.Current;
        var expression = ReadOr();
        if (tokens.TakeSymbol("?"))
        {
            var then = Read();
            tokens.ExpectSymbol(":");
            expression = new Conditional(expression, then, Read());
        }
        else if (tokens.TakeSymbol("??"))
        {
            expression = new Arithmetic("??", expression, Read());
        }

        return expression with { Source = tokens.Since(first) };
    }

    SqlExpression ReadOr()
    {
        var left = ReadAnd();
        while (tokens.TakeWord("OR")) left = new Or(left, ReadAnd());
        return left;
    }

    SqlExpression ReadAnd()
    {
        var left = ReadNot();
        while (tokens.TakeWord("AND")) left = new And(left, ReadNot());
        return left;
    }

    SqlExpression ReadNot() => tokens.TakeWord("NOT") ? new Not(ReadNot()) : ReadComparison();

    SqlExpression ReadComparison()
    {
        var left = ReadSum();
        while (true)
        {
            if (tokens.Current.Kind == TokenKind.Symbol && Comparisons.Contains(tokens.Current.Text))
            {
                var symbol = tokens.Take().Text;
                left = new Comparison(symbol == "<>" ? "!=" : symbol, left, ReadSum());
                continue;
            }

            var negated = tokens.Current.IsWord("NOT") && (tokens.Next.IsWord("IN") || tokens.Next.IsWord("BETWEEN") || tokens.Next.IsWord("LIKE"));
            if (negated) tokens.Take();
            if (tokens.Current.IsWord("LIKE")) throw ServiceException.NotEmulated("LIKE (STARTSWITH, ENDSWITH and CONTAINS are emulated)");

            SqlExpression? next = tokens.TakeWord("IN") ? new In(left, Items("(", ")"))
                : tokens.TakeWord("BETWEEN") ? ReadBetween(left)
                : null;
            if (next is null) return left;
            left = negated ? new Not(next) : next;
        }
    }

    Between ReadBetween(SqlExpression operand)
    {
        var low = ReadSum();
        tokens.ExpectWord("AND");
        return new Between(operand, low, ReadSum());
    }

    SqlExpression ReadSum()
    {
        var left = ReadProduct();
        while (tokens.Current.IsSymbol("+") || tokens.Current.IsSymbol("-") || tokens.Current.IsSymbol("||"))
            left = new Arithmetic(tokens.Take().Text, left, ReadProduct());
        return left;
    }

    SqlExpression ReadProduct()
    {
        var left = ReadPrimary();
        while (tokens.Current.IsSymbol("*") || tokens.Current.IsSymbol("/") || tokens.Current.IsSymbol("%"))
            left = new Arithmetic(tokens.Take().Text, left, ReadPrimary());
        return left;
    }

    /// <summary>A literal, parameter, path, call or parenthesis, with the steps behind it.</summary>
    public SqlExpression ReadPrimary()
    {
        var first = tokens.Current;
        if (tokens.TakeSymbol("-"))
            return ReadPrimary() switch
            {
                Constant { Value.Kind: SqlKind.Number } number => new Constant(SqlValue.Of(-number.Value.Number)) { Source = tokens.Since(first) },
                var operand => new Negate(operand),
            };

        var expression = ReadAtom();
        while (true)
        {
            SqlExpression key;
            if (tokens.TakeSymbol("."))
            {
                key = new Constant(SqlValue.Of(tokens.TakeName()));
            }
            else if (tokens.TakeSymbol("["))
            {
                key = Read();
                tokens.ExpectSymbol("]");
            }
            else
            {
                return expression with { Source = tokens.Since(first) };
            }

            expression = expression is Property property && key is Constant { Value.Kind: SqlKind.String } name
                ? new Property(new JsonPath([.. property.Path.Segments, name.Value.Text!]))
                : new Member(expression, key);
        }
    }

    SqlExpression ReadAtom()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.String:
                tokens.Take();
                return new Constant(SqlValue.Of(token.Text));
            case TokenKind.Number:
                tokens.Take();
                return double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? new Constant(SqlValue.Of(number))
                    : throw SqlLexer.Syntax(tokens.Text, token.Start);
            case TokenKind.Parameter:
                tokens.Take();
                return parameters.TryGetValue(token.Text, out var value)
                    ? new Constant(value)
                    : throw ServiceException.BadRequest($"The query names the parameter '{token.Text}', but no value for it was sent.");
            case TokenKind.Symbol:
                return Bracketed(token);
            case TokenKind.Word:
                tokens.Take();
                return Named(token);
            default:
                throw tokens.Unexpected();
        }
    }

    SqlExpression Bracketed(SqlToken token)
    {
        switch (token.Text)
        {
            case "(":
                tokens.Take();
                if (tokens.Current.IsWord("SELECT")) throw ServiceException.NotEmulated("subqueries");
                var inner = Read();
                tokens.ExpectSymbol(")");
                return inner;
            case "[":
                return new ArrayOf(Items("[", "]"));
            case "{":
                return ReadObject();
            default:
                throw tokens.Unexpected();
        }
    }

    ObjectOf ReadObject()
    {
        tokens.ExpectSymbol("{");
        var properties = new List<(string, SqlExpression)>();
        while (!tokens.TakeSymbol("}"))
        {
            if (properties.Count > 0) tokens.ExpectSymbol(",");
            var name = tokens.Current.Kind is TokenKind.String or TokenKind.Word ? tokens.Take().Text : throw tokens.Unexpected();
            tokens.ExpectSymbol(":");
            properties.Add((name, Read()));
        }

        return new ObjectOf(properties);
    }

    SqlExpression Named(SqlToken token)
    {
        if (tokens.Current.IsSymbol("(")) return ReadCall(token);
        if (token.IsWord("true")) return new Constant(SqlValue.True);
        if (token.IsWord("false")) return new Constant(SqlValue.False);
        if (token.IsWord("null")) return new Constant(SqlValue.Null);
        if (token.IsWord("undefined")) return new Constant(SqlValue.Undefined);
        if (token.Text == Alias) return new Property(new JsonPath([]));
        if (token.IsWord("EXISTS") || token.IsWord("ARRAY") || token.IsWord("UDF")) throw ServiceException.NotEmulated(token.Text.ToUpperInvariant());
        throw ServiceException.BadRequest($"Identifier '{token.Text}' could not be resolved.");
    }

    SqlExpression ReadCall(SqlToken name)
    {
        if (tokens.Next.IsWord("SELECT")) throw ServiceException.NotEmulated("subqueries");
        var arguments = Items("(", ")");
        if (AggregateNames.Contains(name.Text, StringComparer.OrdinalIgnoreCase))
        {
            if (arguments.Count != 1) throw ServiceException.BadRequest($"The aggregate {name.Text} takes one argument.");
            var aggregate = new Aggregate(name.Text.ToUpperInvariant(), arguments[0], Aggregates.Count);
            Aggregates.Add(aggregate);
            return aggregate;
        }

        SqlFunctions.Check(name.Text, arguments.Count);
        return new Call(name.Text.ToUpperInvariant(), arguments);
    }

    List<SqlExpression> Items(string open, string close)
    {
        tokens.ExpectSymbol(open);
        var items = new List<SqlExpression>();
        while (!tokens.TakeSymbol(close))
        {
            if (items.Count > 0) tokens.ExpectSymbol(",");
            items.Add(Read());
        }

        return items;
    }
}
