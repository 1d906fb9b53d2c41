using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Evidence;

/// <summary>What a bundle says it holds: everything in it is told by its leaves and its checkpoint too, and held against them.</summary>
/// <param name="Origin">The log, as its checkpoints name it.</param>
/// <param name="Address">The org, the project and the subject.</param>
/// <param name="Size">Entries of the ledger that the checkpoint commits to.</param>
/// <param name="FirstSeq">The subject's first seq in it; 1 unless what came before was pruned.</param>
/// <param name="LastSeq">The last; events after it are not under the checkpoint.</param>
/// <param name="Count">Events in it: none is left out.</param>
public sealed record EvidenceManifest(string Origin, SubjectAddress Address, long Size, long FirstSeq, long LastSeq, long Count);

/// <summary>One event of a bundle: the leaf to the byte, its index, the path to the checkpoint's root, the personal part where it still exists.</summary>
public sealed record EvidenceEvent(long Index, ReadOnlyMemory<byte> Leaf, ReadOnlyMemory<byte> Personal, ReadOnlyMemory<byte> Salt, IReadOnlyList<Digest> Proof);

/// <summary>An entry by which the log's signing key gave way to another: the leaf to the byte, its index, the path to the checkpoint's root.</summary>
public sealed record EvidenceRotation(long Index, ReadOnlyMemory<byte> Leaf, IReadOnlyList<Digest> Proof);
