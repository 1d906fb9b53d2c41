using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Witness;

/// <summary>A witness that cosigns our checkpoints: where it takes them, and the key it cosigns with.</summary>
public sealed record WitnessTarget(Uri Url, VerifierKey Key);

/// <summary>
/// Asks one witness to cosign a checkpoint (C2SP tlog-witness). Where the witness stands elsewhere than thought it says where, and is asked once more from there.
/// Nothing it answers is believed but a signature of the key that was set.
/// </summary>
public sealed class AskWitness(HttpClient http, WitnessTarget target)
{
    const int MaxAnswerBytes = 64 * 1024;

    public WitnessTarget Target => target;

    /// <param name="note">The checkpoint, signed by the log.</param>
    /// <param name="size">Its size.</param>
    /// <param name="lastSize">The size thought to be the last it cosigned; 0 where nothing is known.</param>
    /// <param name="tiles">The log's tiles, to prove from.</param>
    /// <param name="cancellationToken">Ends the wait for an answer.</param>
    public async Task<AskOutcome> HandleAsync(SignedNote note, long size, long lastSize, ITileSource tiles, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (lastSize > size)
                return new AskOutcome.Ahead(lastSize);
            var proof = await TreeProof.ConsistencyAsync(tiles, lastSize, size, cancellationToken).ConfigureAwait(false);
            using var content = new ByteArrayContent(new AddCheckpointRequest(lastSize, proof, note).ToBytes());
            content.Headers.ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" };
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target.Url.AbsoluteUri.TrimEnd('/') + "/add-checkpoint")) { Content = content };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            var body = await BodyAsync(response, cancellationToken).ConfigureAwait(false);
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK:
                    return Read(note, body);
                case HttpStatusCode.Conflict when attempt == 0 && AddCheckpointRequest.TryReadSize(Encoding.UTF8.GetString(body).TrimEnd('\n'), out var known):
                    lastSize = known;
                    break;
                case HttpStatusCode.UnprocessableEntity:
                    return new AskOutcome.Refused("it has cosigned another history of this log, or the proof was not right");
                case HttpStatusCode.Forbidden:
                    return new AskOutcome.Refused("it trusts another key for this log: give it this log's vkey");
                case HttpStatusCode.NotFound:
                    return new AskOutcome.Refused("it does not know this log: give it this log's vkey");
                default:
                    return new AskOutcome.Refused(FormattableString.Invariant($"it answered {(int)response.StatusCode}"));
            }
        }
    }

    AskOutcome Read(SignedNote note, byte[] lines)
    {
        // As the protocol has it: after the checkpoint's text they make a note, of which only the known key's lines count.
        if (!SignedNote.TryParse([.. note.Text.Span, (byte)'\n', .. lines], out var answered, out var why))
            return new AskOutcome.Refused($"its answer holds no signature lines: {why}");
        if (answered.Check(target.Key).IsRefused)
            return new AskOutcome.Refused($"its answer is not signed with the key {target.Key.Name} that was set");
        return new AskOutcome.Cosigned([.. answered.Signatures.Where(s => s.KeyId == target.Key.KeyId && s.KeyName == target.Key.Name)]);
    }

    static async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var body = new byte[MaxAnswerBytes + 1];
            var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return length <= MaxAnswerBytes ? body[..length] : throw new IOException($"the witness's answer is longer than {MaxAnswerBytes} bytes");
        }
    }
}

/// <summary>What a witness had to say.</summary>
public abstract record AskOutcome
{
    AskOutcome()
    {
    }

    /// <summary>It cosigned; the signatures are checked.</summary>
    public sealed record Cosigned(IReadOnlyList<NoteSignature> Signatures) : AskOutcome;

    /// <summary>It has cosigned a larger checkpoint than this: ours is old, or not all that was signed is here.</summary>
    public sealed record Ahead(long Size) : AskOutcome;

    /// <summary>It would not; <paramref name="Reason"/> is for the operator.</summary>
    public sealed record Refused(string Reason) : AskOutcome;
}
