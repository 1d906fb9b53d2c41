namespace CertFunctions.Emulation.Partitioning;

/// <summary>A half-open range of effective partition keys. A point is the range that holds only itself.</summary>
readonly record struct EpkRange(string Min, string Max)
{
    public static EpkRange Full { get; } = new(EffectivePartitionKey.Lowest, EffectivePartitionKey.Highest);

    public bool IsPoint => Max.Length == Min.Length + 1 && Max[^1] == '\0';

    /// <summary>No hexadecimal text lies between a key and the key followed by NUL.</summary>
    public static EpkRange Point(string epk) => new(epk, epk + '\0');

    public bool Contains(string epk) => string.CompareOrdinal(Min, epk) <= 0 && string.CompareOrdinal(epk, Max) < 0;

    public bool Covers(EpkRange other) => string.CompareOrdinal(Min, other.Min) <= 0 && string.CompareOrdinal(other.Max, Max) <= 0;

    public EpkRange Intersect(EpkRange other) => new(
        string.CompareOrdinal(Min, other.Min) >= 0 ? Min : other.Min,
        string.CompareOrdinal(Max, other.Max) <= 0 ? Max : other.Max);

    public bool IsEmpty => string.CompareOrdinal(Min, Max) >= 0;
}
