using System.Text.Json;
using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Partitioning;

/// <summary>The components of one partition key: one per level, or fewer for a prefix of a hierarchical key.</summary>
sealed class PartitionKeyValue
{
    PartitionKeyValue(SqlValue[] components) => Components = components;

    public IReadOnlyList<SqlValue> Components { get; }

    /// <summary>Reads the header's form: a JSON array in which <c>{}</c> stands for a value the document does not have.</summary>
    public static bool TryParseHeader(string json, out PartitionKeyValue? key)
    {
        key = null;
        try
        {
            var array = JsonElement.Parse(json);
            if (array.ValueKind != JsonValueKind.Array) return false;

            var components = new List<SqlValue>(3);
            foreach (var element in array.EnumerateArray())
            {
                if (!TryComponent(element, fromHeader: true, out var component)) return false;
                components.Add(component);
            }

            key = new PartitionKeyValue([.. components]);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>What the document itself says its key is; false when a key path holds an object or an array.</summary>
    public static bool TryExtract(JsonElement document, PartitionKeyDefinition definition, out PartitionKeyValue? key)
    {
        var components = new SqlValue[definition.Paths.Count];
        for (var i = 0; i < components.Length; i++)
        {
            var found = definition.Paths[i].Find(document);
            if (found is { } element && !TryComponent(element, fromHeader: false, out components[i]))
            {
                key = null;
                return false;
            }
        }

        key = new PartitionKeyValue(components);
        return true;
    }

    public static PartitionKeyValue Of(IEnumerable<SqlValue> components) => new([.. components]);

    public bool SameAs(PartitionKeyValue other)
    {
        if (Components.Count != other.Components.Count) return false;
        for (var i = 0; i < Components.Count; i++)
            if (SqlValue.Compare(Components[i], other.Components[i]) != 0)
                return false;

        return true;
    }

    static bool TryComponent(JsonElement element, bool fromHeader, out SqlValue component)
    {
        component = SqlValue.Undefined;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when fromHeader && element.GetPropertyCount() == 0:
                return true;
            case JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null:
                component = SqlValue.From(element);
                return true;
            default:
                return false;
        }
    }
}
