namespace CertFunctions.Infra.Tests.Bicep;

/// <summary>What is declared in one template, and whether all that is named is declared, and all that is declared is named.</summary>
sealed class Scope
{
    /// <summary>The functions our templates call, and no others: a name that is written wrong is one more.</summary>
    static readonly HashSet<string> Functions =
    [
        "any", "cidrSubnet", "concat", "contains", "empty", "environment", "flatten", "guid", "join", "last", "loadJsonContent", "loadTextContent", "map",
        "readEnvironmentVariable", "replace", "resourceGroup", "resourceId", "split", "subscription", "subscriptionResourceId", "take", "tenant", "toLower",
        "union", "uniqueString",
    ];

    static readonly HashSet<string> Decorators = ["description", "allowed", "minValue", "maxValue", "minLength", "maxLength", "batchSize", "secure", "export"];
    static readonly HashSet<string> BuiltInShapes = ["string", "int", "bool", "object", "array"];

    readonly Template template;
    readonly Func<Template, string, Template?> find;
    readonly List<string> problems;
    readonly Dictionary<string, Statement> declared = [];
    readonly HashSet<string> used = [];
    readonly IReadOnlyDictionary<string, Shape> types;

    public Scope(Template template, Func<Template, string, Template?> find, List<string> problems)
    {
        (this.template, this.find, this.problems) = (template, find, problems);
        types = TypesOf(template, find);
    }

    /// <summary>The types a template declares or imports, by name.</summary>
    public static IReadOnlyDictionary<string, Shape> TypesOf(Template template, Func<Template, string, Template?> find)
    {
        var types = template.All<TypeDeclaration>().ToDictionary(t => t.Id, t => t.Shape);
        foreach (var import in template.All<Import>())
        {
            foreach (var type in find(template, import.Path)?.All<TypeDeclaration>().Where(t => import.Ids.Contains(t.Id) && t.Has("export")) ?? [])
                types[type.Id] = type.Shape;
        }

        return types;
    }

    public void Check()
    {
        foreach (var statement in template.Statements)
        {
            if (IdOf(statement) is { } id && !declared.TryAdd(id, statement))
                Add(statement.Line, $"{id} is declared twice");
        }

        foreach (var twice in template.All<Output>().GroupBy(o => o.Id).Where(g => g.Count() > 1))
            Add(twice.Last().Line, $"the output {twice.Key} is declared twice");
        foreach (var statement in template.Statements)
            CheckStatement(statement, []);
        foreach (var (id, statement) in declared.Where(d => !used.Contains(d.Key) && d.Value is Parameter or Variable || d.Value is Resource { Existing: true } && !used.Contains(d.Key)))
            Add(statement.Line, $"{id} is declared and not used");
    }

    static string? IdOf(Statement statement) => statement switch
    {
        Parameter p => p.Id,
        Variable v => v.Id,
        Resource r => r.Id,
        Module m => m.Id,
        _ => null,
    };

    void CheckStatement(Statement statement, HashSet<string> local)
    {
        foreach (var decorator in statement.Decorators)
        {
            if (decorator.Of is not Name { Id: var name } || !Decorators.Contains(name))
                Add(statement.Line, "there is no such decorator");
        }

        switch (statement)
        {
            case Parameter parameter:
                CheckShape(parameter.Shape);
                if (parameter.Decorator("description") is not Text)
                    Add(parameter.Line, $"{parameter.Id} has no description");
                if (parameter.Default is { } value)
                {
                    Walk(value, local);
                    Values.Check(template.Path, parameter.Id, value, parameter, types, problems);
                }

                break;
            case Output output:
                CheckShape(output.Shape);
                if (output.Decorator("description") is not Text)
                    Add(output.Line, $"{output.Id} has no description");
                Walk(output.Value, local);
                break;
            case TypeDeclaration type:
                CheckShape(type.Shape);
                break;
            case Variable variable:
                Walk(variable.Value, local);
                break;
            case Setter setter:
                Walk(setter.Value, local);
                break;
            case Import import:
                foreach (var id in import.Ids.Where(i => !types.ContainsKey(i)))
                    Add(import.Line, $"{import.Path} exports no type {id}");
                break;
            case Resource resource:
                Walk(resource.Value, local);
                if (BodyOf(resource.Value)?["name"] is null)
                    Add(resource.Line, $"{resource.Id} has no name");
                break;
            case Module module:
                CheckModule(module, local);
                break;
            default:
                Add(statement.Line, "it does not belong into a template");
                break;
        }
    }

    /// <summary>The body of a resource or a module, within its condition and its loop.</summary>
    public static Body? BodyOf(Expression value) => value switch
    {
        Body body => body,
        Conditional conditional => BodyOf(conditional.Value),
        Loop loop => BodyOf(loop.Value),
        _ => null,
    };

    void CheckModule(Module module, HashSet<string> local)
    {
        Walk(module.Value, local);
        if (find(template, module.Path) is not { } target)
        {
            Add(module.Line, $"{module.Path} is not there");
            return;
        }

        var given = (BodyOf(module.Value)?["params"] as Body)?.Properties ?? [];
        var parameters = target.All<Parameter>().ToDictionary(p => p.Id);
        foreach (var property in given)
        {
            if (parameters.TryGetValue(property.Name, out var parameter))
                Values.Check(template.Path, property.Name, property.Value, parameter, TypesOf(target, find), problems);
            else
                Add(property.Line, $"{target.Path} has no parameter {property.Name}");
        }

        foreach (var missing in parameters.Values.Where(p => p.Default is null && given.All(g => g.Name != p.Id)))
            Add(module.Line, $"{missing.Id} of {target.Path} is missing");
    }

    void CheckShape(Shape shape)
    {
        switch (shape)
        {
            case NamedShape named when !BuiltInShapes.Contains(named.Id) && !types.ContainsKey(named.Id):
                Add(named.Line, $"there is no type {named.Id}");
                break;
            case ListShape list:
                CheckShape(list.Item);
                break;
            case OptionalShape optional:
                CheckShape(optional.Value);
                break;
            case BodyShape body:
                foreach (var member in body.Members.Values)
                    CheckShape(member);
                break;
        }
    }

    void Walk(Expression expression, HashSet<string> local)
    {
        switch (expression)
        {
            case Name name:
                Use(name, local);
                break;
            case Text text:
                WalkAll(text.Parts.OfType<Expression>(), local);
                break;
            case Member member:
                CheckMember(member);
                Walk(member.Of, local);
                break;
            case Inner inner:
                if (ResourceOf(inner) is null)
                    Add(inner.Line, $"there is no resource {inner.Id} inside");
                Walk(inner.Of, local);
                break;
            case At at:
                WalkAll([at.Of, at.Index], local);
                break;
            case Call call:
                if (call.Of is not Name { Id: var function } || !Functions.Contains(function))
                    Add(call.Line, "there is no such function");
                WalkAll(call.Arguments, local);
                break;
            case Operation operation:
                WalkAll(operation.Operands, local);
                break;
            case List list:
                WalkAll(list.Items, local);
                break;
            case Loop loop:
                Walk(loop.Source, local);
                Walk(loop.Value, [.. local, .. loop.Variables]);
                break;
            case Lambda lambda:
                Walk(lambda.Value, [.. local, .. lambda.Parameters]);
                break;
            case Conditional conditional:
                WalkAll([conditional.Condition, conditional.Value], local);
                break;
            case Body body:
                WalkAll(body.Properties.Select(p => p.Value).Concat(body.Properties.Select(p => p.Key).OfType<Expression>()), local);
                foreach (var resource in body.Resources)
                    CheckStatement(resource, [.. local, .. body.Resources.Select(r => r.Id)]);
                break;
        }
    }

    void WalkAll(IEnumerable<Expression> expressions, HashSet<string> local)
    {
        foreach (var each in expressions)
            Walk(each, local);
    }

    void Use(Name name, HashSet<string> local)
    {
        if (local.Contains(name.Id))
            return;
        if (declared.ContainsKey(name.Id))
            used.Add(name.Id);
        else
            Add(name.Line, $"there is no {name.Id}");
    }

    /// <summary><c>module.outputs.x</c> and members of parameters whose type says what there is.</summary>
    void CheckMember(Member member)
    {
        if (member.Of is Member { Id: "outputs", Of: Name { Id: var id } } && declared.GetValueOrDefault(id) is Module module
            && find(template, module.Path) is { } target && target.All<Output>().All(o => o.Id != member.Id))
            Add(member.Line, $"{target.Path} has no output {member.Id}");
        if (member.Of is Name { Id: var parameter } && declared.GetValueOrDefault(parameter) is Parameter { Shape: NamedShape { Id: var type } }
            && types.GetValueOrDefault(type) is BodyShape shape && !shape.Members.ContainsKey(member.Id))
            Add(member.Line, $"{type} has no {member.Id}");
    }

    Resource? ResourceOf(Expression expression) => expression switch
    {
        Name name => declared.GetValueOrDefault(name.Id) as Resource,
        Inner inner => ResourceOf(inner.Of) is { } outer ? BodyOf(outer.Value)?.Resources.FirstOrDefault(r => r.Id == inner.Id) : null,
        _ => null,
    };

    void Add(int line, string what) => problems.Add($"{template.Path}:{line}: {what}");
}
