using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>One container: its definition, and its ranges, whose list is replaced as a whole when one splits.</summary>
sealed class Container
{
    readonly uint database;
    readonly uint number;
    readonly Lock splitting = new();
    volatile PhysicalPartition[] partitions;
    volatile ContainerDefinition definition;
    long documents;
    long tags;
    int nextRange;

    public Container(uint database, uint number, ContainerDefinition definition, int ranges)
    {
        this.database = database;
        this.number = number;
        this.definition = definition;
        Rid = ResourceId.Container(database, number);
        partitions = [.. Enumerable.Range(0, ranges).Select(i => new PhysicalPartition(
            i.ToString(CultureInfo.InvariantCulture),
            new EpkRange(EffectivePartitionKey.Boundary(i, ranges), EffectivePartitionKey.Boundary(i + 1, ranges)),
            [],
            definition.UniqueKeys))];
        nextRange = ranges;
    }

    public string Rid { get; }

    public uint Number => number;

    public string Self => $"dbs/{ResourceId.Database(database)}/colls/{Rid}/";

    public ContainerDefinition Definition { get => definition; set => definition = value; }

    public IReadOnlyList<PhysicalPartition> Partitions => partitions;

    /// <summary>Moves with every split: the etag of the list of ranges.</summary>
    public int Layout => nextRange;

    public long Documents { get => Interlocked.Read(ref documents); set => Interlocked.Exchange(ref documents, value); }

    public long Tags { get => Interlocked.Read(ref tags); set => Interlocked.Exchange(ref tags, value); }

    public ulong NextDocument() => (ulong)Interlocked.Increment(ref documents);

    public string DocumentRid(ulong document) => ResourceId.Document(database, number, document);

    public string NextETag(long timestamp)
    {
        var tag = Interlocked.Increment(ref tags);
        return string.Create(CultureInfo.InvariantCulture, $"\"{tag & 0xFFFFFFFF:x8}-{(tag >> 32) & 0xFFFF:x4}-{number & 0xFFFF:x4}-0000-{timestamp:x12}\"");
    }

    public PhysicalPartition Owner(string epk)
    {
        var all = partitions;
        int low = 0, high = all.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(epk, all[middle].Range.Max) < 0) high = middle;
            else low = middle + 1;
        }

        return all[low];
    }

    public PhysicalPartition ById(string id) =>
        Array.Find(partitions, partition => partition.Id == id) ?? throw ServiceException.RangeGone(id);

    /// <summary>Splits a range in two at the middle of its hash space; requests that name the old range get 410/1002.</summary>
    public (PhysicalPartition Parent, PhysicalPartition Left, PhysicalPartition Right) Split(string rangeId)
    {
        lock (splitting)
        {
            var parent = ById(rangeId);
            lock (parent.Gate)
            {
                var middle = EffectivePartitionKey.Middle(parent.Range.Min, parent.Range.Max);
                var (left, right) = parent.Split(
                    nextRange.ToString(CultureInfo.InvariantCulture),
                    (nextRange + 1).ToString(CultureInfo.InvariantCulture),
                    middle);
                nextRange += 2;
                partitions = [.. partitions.SelectMany(each => each == parent ? [left, right] : new[] { each })];
                return (parent, left, right);
            }
        }
    }

    /// <summary>Puts back the ranges a snapshot recorded.</summary>
    public void Restore(IEnumerable<PhysicalPartition> ranges, int layout)
    {
        partitions = [.. ranges];
        nextRange = layout;
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        var current = definition;
        writer.WriteStartObject();
        foreach (var property in current.Json.EnumerateObject()) property.WriteTo(writer);
        writer.WriteString("_rid", Rid);
        writer.WriteString("_self", Self);
        writer.WriteString("_etag", current.ETag);
        writer.WriteNumber("_ts", current.Timestamp);
        writer.WriteString("_docs", "docs/");
        writer.WriteString("_sprocs", "sprocs/");
        writer.WriteString("_triggers", "triggers/");
        writer.WriteString("_udfs", "udfs/");
        writer.WriteString("_conflicts", "conflicts/");
        writer.WriteEndObject();
    }
}
