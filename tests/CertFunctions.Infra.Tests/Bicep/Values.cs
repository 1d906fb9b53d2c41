namespace CertFunctions.Infra.Tests.Bicep;

/// <summary>Whether a value that is written out fits the parameter it is for. What is only known at deployment is taken on trust.</summary>
static class Values
{
    public static void Check(string path, string id, Expression value, Parameter parameter, IReadOnlyDictionary<string, Shape> types, List<string> problems)
    {
        CheckShape(path, id, value, parameter.Shape, types, problems);
        void Add(string what) => problems.Add($"{path}:{value.Line}: {id} {what}");
        if (parameter.Decorator("allowed") is List allowed && value is Text or Number && !allowed.Items.Any(a => Same(a, value)))
            Add("is none of the values that are allowed");
        var size = value switch { Number number => number.Value, Operation { Operands: [Number negative] } => -negative.Value, _ => (long?)null };
        if (size < Limit(parameter, "minValue") || size > Limit(parameter, "maxValue"))
            Add("is out of range");
        var length = value switch { Text { Plain: { } text } => text.Length, List list => list.Items.Count, _ => (int?)null };
        if (length < Limit(parameter, "minLength") || length > Limit(parameter, "maxLength"))
            Add("has not the right length");
    }

    static long? Limit(Parameter parameter, string name) => parameter.Decorator(name) switch
    {
        Number number => number.Value,
        Operation { Operands: [Number negative] } => -negative.Value,
        _ => null,
    };

    static bool Same(Expression a, Expression b) => (a, b) switch
    {
        (Text x, Text y) => x.Plain == y.Plain,
        (Number x, Number y) => x.Value == y.Value,
        _ => false,
    };

    static void CheckShape(string path, string id, Expression value, Shape shape, IReadOnlyDictionary<string, Shape> types, List<string> problems)
    {
        void Add(string what) => problems.Add($"{path}:{value.Line}: {id} {what}");
        switch (shape)
        {
            case NamedShape named when types.TryGetValue(named.Id, out var declared):
                CheckShape(path, id, value, declared, types, problems);
                break;
            case NamedShape { Id: "string" } when value is Number or Keyword { Word: not "null" } or List or Body:
            case NamedShape { Id: "int" } when value is Text or Keyword or List or Body:
            case NamedShape { Id: "bool" } when value is Text or Number or List or Body:
            case NamedShape { Id: "object" } when value is Text or Number or Keyword or List:
            case NamedShape { Id: "array" } when value is Text or Number or Keyword or Body:
            case ListShape when value is Text or Number or Keyword or Body:
            case BodyShape when value is Text or Number or Keyword or List:
            case ChoiceShape choice when value is Text { Plain: { } text } && !choice.Values.Contains(text):
                Add("is of another type");
                break;
            case OptionalShape optional when value is not Keyword { Word: "null" }:
                CheckShape(path, id, value, optional.Value, types, problems);
                break;
            case ListShape list when value is List items:
                foreach (var item in items.Items)
                    CheckShape(path, id, item, list.Item, types, problems);
                break;
            case BodyShape body when value is Body given:
                foreach (var unknown in given.Properties.Where(p => !body.Members.ContainsKey(p.Name)))
                    Add($"has {unknown.Name}, which its type does not know");
                foreach (var missing in body.Members.Where(m => m.Value is not OptionalShape && given[m.Key] is null))
                    Add($"lacks {missing.Key}");
                foreach (var property in given.Properties.Where(p => body.Members.ContainsKey(p.Name)))
                    CheckShape(path, $"{id}.{property.Name}", property.Value, body.Members[property.Name], types, problems);
                break;
        }
    }
}
