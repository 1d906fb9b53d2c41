using System.Security.Cryptography;

namespace CertFunctions.Core.Notes;

/// <summary>A key that signs notes under a name. Asynchronous, so that it may be one that never leaves its vault.</summary>
public interface INoteSigner
{
    /// <summary>The public half: under what name and id it signs, and how to check.</summary>
    VerifierKey Verifier { get; }

    /// <summary>Signs a note's text, its last line feed included.</summary>
    Task<NoteSignature> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken);
}

/// <summary>Where the service gets its log's key from.</summary>
public interface ILogKey
{
    /// <summary>The signer that signs under <paramref name="name"/>: the same key for every name.</summary>
    INoteSigner Named(string name);
}

/// <summary>
/// An ECDSA P-256 key in memory. ECDSA takes a random number for each signature, so signing a text twice gives two signatures that are both right: what
/// is written once is compared by its text, never by its signature.
/// </summary>
public sealed class EcdsaLogKey : ILogKey, IDisposable
{
    readonly ECDsa key;
    readonly Lock signing = new();

    /// <param name="key">With its private half; disposed of with this.</param>
    public EcdsaLogKey(ECDsa key)
    {
        this.key = key;
        // Refuses other curves here, not at the first signature.
        _ = VerifierKey.Of("log", key);
    }

    public INoteSigner Named(string name) => new Signer(this, VerifierKey.Of(name, key));

    public void Dispose() => key.Dispose();

    sealed class Signer(EcdsaLogKey log, VerifierKey verifier) : INoteSigner
    {
        public VerifierKey Verifier => verifier;

        public Task<NoteSignature> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
        {
            // ECDsa does not promise to bear two threads at once.
            lock (log.signing)
                return Task.FromResult(new NoteSignature(verifier.Name, verifier.KeyId, log.key.SignData(text.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
        }
    }
}
