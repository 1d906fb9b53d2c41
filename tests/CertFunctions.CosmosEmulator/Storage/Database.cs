using System.Globalization;
using System.Text.Json;

namespace CertFunctions.Emulation.Storage;

/// <summary>One database: a name over containers. The account's lock guards the list.</summary>
sealed class Database(uint number, string id, long timestamp)
{
    readonly Dictionary<string, Container> containers = new(StringComparer.Ordinal);

    public uint Number => number;

    public string Id => id;

    public long Timestamp => timestamp;

    public string Rid { get; } = ResourceId.Database(number);

    public uint NextContainer { get; set; } = 1;

    public IReadOnlyCollection<Container> Containers => containers.Values;

    public string ETag => string.Create(CultureInfo.InvariantCulture, $"\"{number:x8}-0000-0000-0000-{timestamp:x12}\"");

    public Container? Find(string nameOrRid) =>
        containers.GetValueOrDefault(nameOrRid) ?? containers.Values.FirstOrDefault(container => container.Rid == nameOrRid);

    public void Add(Container container) => containers.Add(container.Definition.Id, container);

    public bool Remove(Container container) => containers.Remove(container.Definition.Id);

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("_rid", Rid);
        writer.WriteString("_self", $"dbs/{Rid}/");
        writer.WriteString("_etag", ETag);
        writer.WriteString("_colls", "colls/");
        writer.WriteString("_users", "users/");
        writer.WriteNumber("_ts", timestamp);
        writer.WriteEndObject();
    }
}
