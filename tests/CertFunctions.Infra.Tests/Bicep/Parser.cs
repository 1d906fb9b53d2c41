namespace CertFunctions.Infra.Tests.Bicep;

/// <summary>Reads a template or a parameter file. It knows what ours use and refuses the rest.</summary>
sealed class Parser
{
    readonly string path;
    readonly IReadOnlyList<Token> tokens;
    int at;

    Parser(string path, IReadOnlyList<Token> tokens) => (this.path, this.tokens) = (path, tokens);

    public static Template Parse(string path, string source) => new Parser(path, Tokens.Of(path, source)).ReadTemplate();

    Token Now => tokens[at];

    Template ReadTemplate()
    {
        var statements = new List<Statement>();
        for (var last = 0; Now.Kind != TokenKind.End; last = tokens[at - 1].Line)
        {
            if (Now.Line == last)
                throw Wrong("a statement begins on a line of its own");
            statements.Add(ReadStatement());
        }

        return new Template(path, statements);
    }

    Statement ReadStatement()
    {
        var decorators = new List<Call>();
        while (Take("@"))
            decorators.Add(ReadPostfix() as Call ?? throw Wrong("a decorator is a call"));
        var line = Now.Line;
        switch (Word())
        {
            case "targetScope":
                return new Setter(line, decorators, "targetScope", After("="));
            case "metadata":
                return new Setter(line, decorators, Word(), After("="));
            case "using":
                return new Using(line, decorators, PlainText());
            case "import":
                Expect("{");
                var ids = new List<string>();
                while (!Take("}"))
                {
                    ids.Add(Word());
                    Take(",");
                }

                return new Import(line, decorators, ids, WordIs("from") ? PlainText() : "");
            case "type":
                var type = Word();
                Expect("=");
                return new TypeDeclaration(line, decorators, type, ReadShape());
            case "var":
                return new Variable(line, decorators, Word(), After("="));
            case "param":
                var parameter = Word();
                if (Take("="))
                    return new Assignment(line, decorators, parameter, ReadExpression());
                var shape = ReadShape();
                return new Parameter(line, decorators, parameter, shape, Take("=") ? ReadExpression() : null);
            case "output":
                var output = Word();
                return new Output(line, decorators, output, ReadShape(), After("="));
            case "module":
                return new Module(line, decorators, Word(), PlainText(), After("="));
            case "resource":
                return ReadResource(line, decorators);
            case var other:
                throw Wrong($"'{other}' begins no statement");
        }
    }

    Resource ReadResource(int line, List<Call> decorators)
    {
        var (id, type) = (Word(), PlainText());
        var existing = Now is { Kind: TokenKind.Word, Value: "existing" } && Word().Length > 0;
        return new Resource(line, decorators, id, type, existing, After("="));
    }

    Expression After(string sign)
    {
        Expect(sign);
        return ReadExpression();
    }

    Expression ReadExpression()
    {
        var line = Now.Line;
        if (Now is { Kind: TokenKind.Word, Value: "if" })
        {
            at++;
            Expect("(");
            var condition = ReadExpression();
            Expect(")");
            return new Conditional(line, condition, ReadExpression());
        }

        var value = ReadOperation();
        if (!Take("?"))
            return value;
        var yes = ReadExpression();
        Expect(":");
        return new Operation(line, [value, yes, ReadExpression()]);
    }

    Expression ReadOperation()
    {
        var operands = new List<Expression> { ReadUnary() };
        while (Now is { Kind: TokenKind.Sign, Value: "??" or "&&" or "||" or "==" or "!=" or "<=" or ">=" or "=~" or "!~" or "+" or "-" or "*" or "/" or "%" or "<" or ">" })
        {
            at++;
            operands.Add(ReadUnary());
        }

        return operands.Count == 1 ? operands[0] : new Operation(operands[0].Line, operands);
    }

    Expression ReadUnary()
    {
        var line = Now.Line;
        return Take("!") || Take("-") ? new Operation(line, [ReadUnary()]) : ReadPostfix();
    }

    Expression ReadPostfix()
    {
        var value = ReadPrimary();
        while (Now.Kind == TokenKind.Sign)
        {
            var (line, sameLine) = (Now.Line, Now.Line == tokens[at - 1].Line);
            if (Take(".") || Take(".?"))
                value = new Member(line, value, Word());
            else if (Take("::"))
                value = new Inner(line, value, Word());
            else if (sameLine && Take("!"))
                continue;
            else if (sameLine && Take("["))
                value = new At(line, value, Closed("]"));
            else if (sameLine && Take("("))
                value = new Call(line, value, ReadArguments());
            else
                break;
        }

        return value;
    }

    Expression Closed(string sign)
    {
        var value = ReadExpression();
        Expect(sign);
        return value;
    }

    List<Expression> ReadArguments()
    {
        var arguments = new List<Expression>();
        while (!Take(")"))
        {
            arguments.Add(ReadExpression());
            if (Now is not { Kind: TokenKind.Sign, Value: ")" })
                Expect(",");
        }

        return arguments;
    }

    Expression ReadPrimary()
    {
        var token = Now;
        at++;
        switch (token)
        {
            case { Kind: TokenKind.Text }:
                return TextOf(token);
            case { Kind: TokenKind.Number }:
                return new Number(token.Line, long.Parse(token.Value, System.Globalization.CultureInfo.InvariantCulture));
            case { Kind: TokenKind.Word, Value: "true" or "false" or "null" }:
                return new Keyword(token.Line, token.Value);
            case { Kind: TokenKind.Word } when Now is { Kind: TokenKind.Sign, Value: "=>" }:
                at++;
                return new Lambda(token.Line, [token.Value], ReadExpression());
            case { Kind: TokenKind.Word }:
                return new Name(token.Line, token.Value);
            case { Kind: TokenKind.Sign, Value: "(" } when LambdaParameters() is { } parameters:
                return new Lambda(token.Line, parameters, ReadExpression());
            case { Kind: TokenKind.Sign, Value: "(" }:
                return Closed(")");
            case { Kind: TokenKind.Sign, Value: "[" } when Now is { Kind: TokenKind.Word, Value: "for" }:
                at++;
                return ReadLoop(token.Line);
            case { Kind: TokenKind.Sign, Value: "[" }:
                return new List(token.Line, ReadItems("]", ReadExpression));
            case { Kind: TokenKind.Sign, Value: "{" }:
                return ReadBody(token.Line);
            default:
                at--;
                throw Wrong($"'{token.Value}' is no value");
        }
    }

    /// <summary>After an opening parenthesis: the names in it, where <c>=></c> follows; otherwise nothing is taken.</summary>
    List<string>? LambdaParameters()
    {
        var (start, names) = (at, new List<string>());
        while (Now.Kind == TokenKind.Word)
        {
            names.Add(Word());
            if (!Take(","))
                break;
        }

        if (names.Count > 0 && Take(")") && Take("=>"))
            return names;
        at = start;
        return null;
    }

    Loop ReadLoop(int line)
    {
        var variables = new List<string>();
        if (Take("("))
        {
            variables.Add(Word());
            Expect(",");
            variables.Add(Word());
            Expect(")");
        }
        else
        {
            variables.Add(Word());
        }

        if (!WordIs("in"))
            throw Wrong("'in' is expected");
        var source = ReadExpression();
        Expect(":");
        return new Loop(line, variables, source, Closed("]"));
    }

    Body ReadBody(int line)
    {
        var resources = new List<Resource>();
        var properties = new List<Property>();
        foreach (var item in ReadItems<object>("}", () => ReadMember()))
        {
            if (item is Resource resource)
                resources.Add(resource);
            else
                properties.Add((Property)item);
        }

        if (properties.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new BicepException(path, twice.Last().Line, $"'{twice.Key}' is there twice");
        return new Body(line, properties, resources);
    }

    object ReadMember()
    {
        var line = Now.Line;
        if (Now is { Kind: TokenKind.Word, Value: "resource" } && tokens[at + 1].Kind == TokenKind.Word || Now is { Kind: TokenKind.Sign, Value: "@" })
            return ReadStatement() as Resource ?? throw Wrong("only resources stand in resources");
        var key = Now.Kind == TokenKind.Text ? TextOf(tokens[at++]) : null;
        var id = key is null ? Word() : null;
        return new Property(line, key, id, After(":"));
    }

    /// <summary>Items, apart by commas or line ends.</summary>
    List<T> ReadItems<T>(string end, Func<T> read)
    {
        var items = new List<T>();
        while (!Take(end))
        {
            if (items.Count > 0 && !Take(",") && Now.Line == tokens[at - 1].Line)
                throw Wrong($"a comma, a new line or '{end}' is expected");
            items.Add(read());
        }

        return items;
    }

    Shape ReadShape()
    {
        var line = Now.Line;
        Shape shape;
        if (Now.Kind == TokenKind.Text)
        {
            var values = new List<string> { PlainText() };
            while (Take("|"))
                values.Add(PlainText());
            shape = new ChoiceShape(line, values);
        }
        else if (Take("{"))
        {
            var members = new Dictionary<string, Shape>();
            foreach (var (name, member) in ReadItems("}", ReadShapeMember))
            {
                if (!members.TryAdd(name, member))
                    throw Wrong($"'{name}' is there twice");
            }

            shape = new BodyShape(line, members);
        }
        else
        {
            shape = new NamedShape(line, Word());
        }

        while (Now.Line == tokens[at - 1].Line)
        {
            if (Now is { Kind: TokenKind.Sign, Value: "[" } && Take("["))
                shape = new ListShape(line, shape) is var list && Take("]") ? list : throw Wrong("']' is expected");
            else if (Take("?"))
                shape = new OptionalShape(line, shape);
            else
                break;
        }

        return shape;
    }

    (string, Shape) ReadShapeMember()
    {
        while (Take("@"))
            ReadPostfix();
        var name = Word();
        Expect(":");
        return (name, ReadShape());
    }

    Text TextOf(Token token) => new(token.Line, [.. token.Parts!.Select(p => p is List<Token> inner ? new Parser(path, inner).ReadWhole() : p)]);

    Expression ReadWhole()
    {
        var value = ReadExpression();
        return Now.Kind == TokenKind.End ? value : throw Wrong($"'{Now.Value}' is not expected here");
    }

    string PlainText()
    {
        if (Now.Kind != TokenKind.Text || TextOf(Now).Plain is not { } text)
            throw Wrong("a plain text is expected");
        at++;
        return text;
    }

    string Word() => Now.Kind == TokenKind.Word ? tokens[at++].Value : throw Wrong($"a name is expected, not '{Now.Value}'");

    bool WordIs(string word) => Word() == word;

    bool Take(string sign)
    {
        if (Now.Kind != TokenKind.Sign || Now.Value != sign)
            return false;
        at++;
        return true;
    }

    void Expect(string sign)
    {
        if (!Take(sign))
            throw Wrong($"'{sign}' is expected, not '{Now.Value}'");
    }

    BicepException Wrong(string what) => new(path, Now.Line, what);
}
