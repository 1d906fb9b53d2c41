using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Notes;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Keys of one log, each of which may give way to another, and the leaves that say so.</summary>
sealed class KeysInTurn : IDisposable
{
    public const string Origin = "certfn.example/acme";

    readonly List<EcdsaLogKey> made = [];

    public EcdsaLogKey Key()
    {
        made.Add(new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
        return made[^1];
    }

    public static VerifierKey Verifier(EcdsaLogKey key) => key.Named(Origin).Verifier;

    /// <summary>That one signing key gives way to the next, said with the first.</summary>
    public static Task<byte[]> LeafAsync(EcdsaLogKey old, EcdsaLogKey @new) => LeafAsync(old, old, @new);

    public static Task<byte[]> LeafAsync(EcdsaLogKey signer, EcdsaLogKey old, EcdsaLogKey @new, string newName = Origin) =>
        LeafAsync(signer, new KeyRotation(Make.Org, RotatedKey.Signing, Verifier(old).ToString(), @new.Named(newName).Verifier.ToString()));

    public static async Task<byte[]> LeafAsync(EcdsaLogKey signer, KeyRotation rotation)
    {
        var data = await rotation.SignAsync(signer.Named(Origin), default);
        return OwnEvent.Of(TellOwnEvent.Ledger(rotation.Ledger), KeyRotation.EventType, EventId.Parse("key-rotated-2"), Make.Now, new SeededRandom(), data).Leaf(1);
    }

    public void Dispose() => made.ForEach(k => k.Dispose());
}
