namespace CertFunctions.Emulation;

/// <summary>The counts of one kind of request.</summary>
/// <param name="Requests">Requests received.</param>
/// <param name="Failures">Of these, answered with 400 or above, or not at all.</param>
/// <param name="Operations">Operations inside them, for batches.</param>
/// <param name="RequestUnits">Request units by the emulator's model.</param>
public sealed record CounterEntry(long Requests, long Failures, long Operations, double RequestUnits);
