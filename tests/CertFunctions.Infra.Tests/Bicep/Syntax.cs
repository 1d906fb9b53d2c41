namespace CertFunctions.Infra.Tests.Bicep;

// What our templates are made of. Not the whole language: what is not here, the parser refuses.

abstract record Expression(int Line);

/// <summary>A string: its parts are texts and the expressions between <c>${</c> and <c>}</c>.</summary>
sealed record Text(int Line, IReadOnlyList<object> Parts) : Expression(Line)
{
    /// <summary>The text, where nothing is interpolated.</summary>
    public string? Plain => Parts.Count == 0 ? "" : Parts is [string only] ? only : null;

    /// <summary>The text, with <paramref name="hole"/> for whatever is interpolated.</summary>
    public string With(string hole) => string.Concat(Parts.Select(p => p as string ?? hole));
}

sealed record Number(int Line, long Value) : Expression(Line);
sealed record Keyword(int Line, string Word) : Expression(Line);
sealed record Name(int Line, string Id) : Expression(Line);

/// <summary><c>a.b</c>, or <c>a.?b</c>.</summary>
sealed record Member(int Line, Expression Of, string Id) : Expression(Line);

/// <summary><c>a::b</c>: a resource inside another.</summary>
sealed record Inner(int Line, Expression Of, string Id) : Expression(Line);

sealed record At(int Line, Expression Of, Expression Index) : Expression(Line);
sealed record Call(int Line, Expression Of, IReadOnlyList<Expression> Arguments) : Expression(Line);

/// <summary>Operators, whatever they are: nothing here depends on which.</summary>
sealed record Operation(int Line, IReadOnlyList<Expression> Operands) : Expression(Line);

sealed record List(int Line, IReadOnlyList<Expression> Items) : Expression(Line);
sealed record Property(int Line, Text? Key, string? Id, Expression Value)
{
    public string Name => Id ?? Key!.With("${}");
}

sealed record Body(int Line, IReadOnlyList<Property> Properties, IReadOnlyList<Resource> Resources) : Expression(Line)
{
    public Expression? this[string name] => Properties.FirstOrDefault(p => p.Name == name)?.Value;
}

/// <summary><c>[for item, index in source: value]</c>.</summary>
sealed record Loop(int Line, IReadOnlyList<string> Variables, Expression Source, Expression Value) : Expression(Line);

/// <summary><c>if (condition) value</c>, in front of a resource's or a module's body.</summary>
sealed record Conditional(int Line, Expression Condition, Expression Value) : Expression(Line);

sealed record Lambda(int Line, IReadOnlyList<string> Parameters, Expression Value) : Expression(Line);

abstract record Shape(int Line);

/// <summary>A type by its name: built in, or declared.</summary>
sealed record NamedShape(int Line, string Id) : Shape(Line);

sealed record ListShape(int Line, Shape Item) : Shape(Line);
sealed record OptionalShape(int Line, Shape Value) : Shape(Line);
sealed record ChoiceShape(int Line, IReadOnlyList<string> Values) : Shape(Line);
sealed record BodyShape(int Line, IReadOnlyDictionary<string, Shape> Members) : Shape(Line);

abstract record Statement(int Line, IReadOnlyList<Call> Decorators)
{
    public bool Has(string name) => Decorators.Any(d => d.Of is Name { Id: var id } && id == name);

    public Expression? Decorator(string name) => Decorators.FirstOrDefault(d => d.Of is Name { Id: var id } && id == name)?.Arguments[0];
}

sealed record Parameter(int Line, IReadOnlyList<Call> Decorators, string Id, Shape Shape, Expression? Default) : Statement(Line, Decorators);
sealed record Variable(int Line, IReadOnlyList<Call> Decorators, string Id, Expression Value) : Statement(Line, Decorators);
sealed record Output(int Line, IReadOnlyList<Call> Decorators, string Id, Shape Shape, Expression Value) : Statement(Line, Decorators);
sealed record TypeDeclaration(int Line, IReadOnlyList<Call> Decorators, string Id, Shape Shape) : Statement(Line, Decorators);
sealed record Import(int Line, IReadOnlyList<Call> Decorators, IReadOnlyList<string> Ids, string Path) : Statement(Line, Decorators);
sealed record Setter(int Line, IReadOnlyList<Call> Decorators, string Id, Expression Value) : Statement(Line, Decorators);
sealed record Resource(int Line, IReadOnlyList<Call> Decorators, string Id, string Type, bool Existing, Expression Value) : Statement(Line, Decorators);
sealed record Module(int Line, IReadOnlyList<Call> Decorators, string Id, string Path, Expression Value) : Statement(Line, Decorators);

/// <summary>In a parameter file: the template that the values are for.</summary>
sealed record Using(int Line, IReadOnlyList<Call> Decorators, string Path) : Statement(Line, Decorators);

/// <summary>In a parameter file: a value.</summary>
sealed record Assignment(int Line, IReadOnlyList<Call> Decorators, string Id, Expression Value) : Statement(Line, Decorators);

/// <summary>A template, or a parameter file.</summary>
sealed record Template(string Path, IReadOnlyList<Statement> Statements)
{
    public IEnumerable<T> All<T>() where T : Statement => Statements.OfType<T>();
}

sealed class BicepException(string path, int line, string what) : Exception($"{path}:{line}: {what}");
