using System.Buffers;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem.EventHubs;

/// <summary>Entries into the body of a message, as <c>docs/siem.md</c> has it byte by byte.</summary>
static class EventHubPacking
{
    /// <summary>
    /// Bytes of a message that holds several entries. A throughput unit takes a thousand messages or a megabyte a second, so a message of a few entries costs
    /// nothing; small enough that a publication, 256 KB or 1 MB, is filled well by whole messages. An entry that is larger by itself goes alone.
    /// </summary>
    public const int MessageBytes = 64 * 1024;

    /// <summary>What stands around leaf and personal part in a line, at most.</summary>
    const int LineBytes = 640;

    /// <summary>The next message: entries from <paramref name="from"/> on, at most <paramref name="most"/> of them.</summary>
    public static EventHubMessage Next(EventHubEnvelope envelope, IReadOnlyList<ChainedEvent> entries, int from, int most)
    {
        var count = envelope == EventHubEnvelope.One ? 1 : Fitting(entries, from, most);
        var body = new ArrayBufferWriter<byte>(count * 1024);
        if (envelope == EventHubEnvelope.Records)
            body.Write("{\"records\":["u8);
        for (var i = from; i < from + count; i++)
        {
            if (envelope == EventHubEnvelope.Records && i > from)
                body.Write(","u8);
            LedgerLine.Write(entries[i], body, closed: envelope == EventHubEnvelope.Packed);
        }

        if (envelope == EventHubEnvelope.Records)
            body.Write("]}"u8);
        return new EventHubMessage(entries[from].Event.Address.Org.Value, entries[from].Index, count, envelope == EventHubEnvelope.Packed ? "application/x-ndjson" : "application/json", body.WrittenMemory);
    }

    static int Fitting(IReadOnlyList<ChainedEvent> entries, int from, int most)
    {
        var bytes = 0;
        var count = 0;
        while (count < most && from + count < entries.Count)
        {
            var e = entries[from + count].Event;
            bytes += e.Leaf.Length + e.Personal.Length + LineBytes;
            if (count > 0 && bytes > MessageBytes)
                break;
            count++;
        }

        return count;
    }
}
