namespace CertFunctions.Core.Siem.EventHubs;

/// <summary>What a message to a hub looks like inside. Byte by byte in <c>docs/siem.md</c>.</summary>
public enum EventHubEnvelope
{
    /// <summary>One ledger line after another, each closed by a line feed: as many as wait, up to the size of a message.</summary>
    Packed,

    /// <summary>One ledger line, alone.</summary>
    One,

    /// <summary><c>{"records":[…]}</c>, for readers that know Azure's own logs.</summary>
    Records,
}
