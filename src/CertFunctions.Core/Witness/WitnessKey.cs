using System.Security.Cryptography;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Witness;

/// <summary>A witness's key and the name it cosigns under.</summary>
public sealed class WitnessKey : IDisposable
{
    readonly ECDsa key;
    readonly Lock signing = new();

    /// <param name="name">A URL without its scheme, such as <c>example.org/witness</c>.</param>
    /// <param name="key">P-256, with its private half, and for nothing else; disposed of with this.</param>
    public WitnessKey(string name, ECDsa key)
    {
        this.key = key;
        Verifier = EcdsaCosignature.Verifier(name, key);
    }

    public VerifierKey Verifier { get; }

    /// <summary>The signature line's value: that at <paramref name="time"/> this was the largest checkpoint seen of its log.</summary>
    public NoteSignature Cosign(ReadOnlySpan<byte> checkpointText, DateTimeOffset time)
    {
        var message = Cosignature.Ed25519Message(time, checkpointText);
        lock (signing)
        {
            var signature = key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            return new NoteSignature(Verifier.Name, Verifier.KeyId, new Cosignature(time, signature).ToBytes());
        }
    }

    public void Dispose() => key.Dispose();
}
