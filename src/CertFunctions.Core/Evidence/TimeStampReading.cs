namespace CertFunctions.Core.Evidence;

/// <summary>What a time stamp over a checkpoint's text turned out to be. Null <paramref name="Time"/>: it is not one over this text.</summary>
/// <param name="Time">The time it vouches for.</param>
/// <param name="IsTrusted">Whether an authority that the policy names made it.</param>
/// <param name="Why">What is wrong with it, or why it is not trusted; null where neither.</param>
public sealed record TimeStampReading(DateTimeOffset? Time, bool IsTrusted, string? Why);

/// <summary>Reads a time-stamp token (RFC 3161) over some bytes. The base library has no reader for it, so who verifies hands one in.</summary>
public delegate TimeStampReading ReadTimeStamp(ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> stamped);
