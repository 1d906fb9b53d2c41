namespace CertFunctions.Infra.Tests.Bicep;

/// <summary>Walks what a template holds.</summary>
static class Find
{
    public static IEnumerable<Call> Calls(Template template, params string[] functions) =>
        Expressions(template).OfType<Call>().Where(c => c.Of is Name { Id: var id } && functions.Contains(id));

    /// <summary>The resources of a template, those inside others too.</summary>
    public static IEnumerable<Resource> Resources(Template template) =>
        template.All<Resource>().Concat(Expressions(template).OfType<Body>().SelectMany(b => b.Resources));

    public static IEnumerable<Expression> Expressions(Template template) => template.Statements.SelectMany(s => s switch
    {
        Parameter { Default: { } value } => All(value),
        Variable variable => All(variable.Value),
        Output output => All(output.Value),
        Resource resource => All(resource.Value),
        Module module => All(module.Value),
        Assignment assignment => All(assignment.Value),
        _ => [],
    });

    public static IEnumerable<Expression> All(Expression expression)
    {
        IEnumerable<Expression> inside = expression switch
        {
            Text text => text.Parts.OfType<Expression>(),
            Member member => [member.Of],
            Inner inner => [inner.Of],
            At at => [at.Of, at.Index],
            Call call => call.Arguments,
            Operation operation => operation.Operands,
            List list => list.Items,
            Loop loop => [loop.Source, loop.Value],
            Lambda lambda => [lambda.Value],
            Conditional conditional => [conditional.Condition, conditional.Value],
            Body body => body.Properties.Select(p => p.Value).Concat(body.Resources.Select(r => r.Value)),
            _ => [],
        };
        return inside.SelectMany(All).Prepend(expression);
    }
}
