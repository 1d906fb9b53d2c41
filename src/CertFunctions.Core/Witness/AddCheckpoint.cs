using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Witness;

/// <summary>
/// What a witness does with a checkpoint (C2SP tlog-witness, add-checkpoint): cosigns it if it is signed by a log it knows and continues what it cosigned before.
/// The cosignature is made, then what it says is made durable, and only then does it leave. If we die between the two, the log asks again, is told the size it
/// has reached, and gets a cosignature over the same root; over another root it never does.
/// </summary>
public sealed class AddCheckpoint(WitnessKey key, IReadOnlyList<VerifierKey> logs, IWitnessState state, TimeProvider clock)
{
    /// <summary>The log keys this witness trusts, by origin: the key's name. A log that rotated its key has several.</summary>
    readonly ILookup<string, VerifierKey> logs = logs.ToLookup(k => k.Name, StringComparer.Ordinal);

    public VerifierKey Verifier => key.Verifier;

    /// <summary>The origins this witness knows.</summary>
    public IEnumerable<string> Origins => logs.Select(l => l.Key);

    public async Task<AddCheckpointOutcome> HandleAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (!AddCheckpointRequest.TryParse(body.Span, out var request, out var why) || !Checkpoint.TryParse(request.Note.Text.Span, out var checkpoint, out why))
            return new AddCheckpointOutcome.Malformed(why);
        if (!logs.Contains(checkpoint.Origin))
            return new AddCheckpointOutcome.UnknownOrigin();
        if (request.Note.Check(logs[checkpoint.Origin]).IsRefused)
            return new AddCheckpointOutcome.BadSignature();
        if (request.OldSize > checkpoint.Size)
            return new AddCheckpointOutcome.Malformed("the old size is larger than the checkpoint's");

        var seen = await state.FindAsync(checkpoint.Origin, cancellationToken).ConfigureAwait(false);
        if (request.OldSize != (seen?.Size ?? 0))
            return new AddCheckpointOutcome.Conflict(seen?.Size ?? 0);
        if (!TreeProof.IsConsistent(request.OldSize, seen?.Root ?? TreeHash.Empty, checkpoint.Size, checkpoint.Root, [.. request.Proof]))
            return new AddCheckpointOutcome.BadProof();

        var cosignature = key.Cosign(request.Note.Text.Span, clock.GetUtcNow());
        // What is kept for monitors has the signatures we vouch for: the log's and our own, not whatever else the note came with.
        var known = logs[checkpoint.Origin].Select(k => (k.Name, k.KeyId)).ToHashSet();
        var kept = new SignedNote(request.Note.Text, [.. request.Note.Signatures.Where(s => known.Contains((s.KeyName, s.KeyId))), cosignature]);
        // From here on the caller's going away changes nothing.
        if (!await state.AdvanceAsync(checkpoint.Origin, seen, new WitnessedCheckpoint(checkpoint.Size, checkpoint.Root, kept.ToBytes()), CancellationToken.None).ConfigureAwait(false))
        {
            // Another request was faster. What we signed never leaves.
            var now = await state.FindAsync(checkpoint.Origin, cancellationToken).ConfigureAwait(false);
            return new AddCheckpointOutcome.Conflict(now?.Size ?? 0);
        }

        return new AddCheckpointOutcome.Cosigned(cosignature);
    }

    /// <summary>The last checkpoint cosigned for a log, with its signatures; null for a log never cosigned.</summary>
    public async Task<ReadOnlyMemory<byte>?> FindAsync(string origin, CancellationToken cancellationToken) =>
        logs.Contains(origin) ? (await state.FindAsync(origin, cancellationToken).ConfigureAwait(false))?.Note : null;
}

/// <summary>What a witness answers. Each is one status of the protocol.</summary>
public abstract record AddCheckpointOutcome
{
    AddCheckpointOutcome()
    {
    }

    /// <summary>200: it follows from what was cosigned before, and is now durable here.</summary>
    public sealed record Cosigned(NoteSignature Signature) : AddCheckpointOutcome
    {
        /// <summary>The answer's body: one signature line.</summary>
        public byte[] ToBytes()
        {
            // A note prints its lines after the text and an empty line; the text is of no matter here.
            var note = new SignedNote("\n"u8.ToArray(), [Signature]).ToBytes();
            return note[2..];
        }
    }

    /// <summary>409: the log stands at <paramref name="Size"/> here; the proof must begin there.</summary>
    public sealed record Conflict(long Size) : AddCheckpointOutcome;

    /// <summary>404: no log of that origin is known here.</summary>
    public sealed record UnknownOrigin : AddCheckpointOutcome;

    /// <summary>403: no key of that log has signed it, or one that should have has not.</summary>
    public sealed record BadSignature : AddCheckpointOutcome;

    /// <summary>422: it does not follow from what was cosigned before. Two such checkpoints of one log prove that it forked.</summary>
    public sealed record BadProof : AddCheckpointOutcome;

    /// <summary>400: it is not a request.</summary>
    public sealed record Malformed(string Why) : AddCheckpointOutcome;
}
