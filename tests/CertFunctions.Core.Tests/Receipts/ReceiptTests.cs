using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Receipts;

public sealed class ReceiptTests
{
    static readonly RecordedEvent Recorded = Reviews.Recorded(new SubjectAddress(Make.Org, Make.Project, Subject.Parse("review", "s 1 – ü")), 7);

    static KeysOnRecord NoRecord => new(new MemoryPositions());

    [Fact]
    public void The_text_is_as_the_format_page_has_it()
    {
        var hash = Convert.ToBase64String(SHA256.HashData([0, .. Recorded.Leaf.Span]));
        Assert.Equal(
            $"CertFunctions/receipt/v1\nledger acme\nproject web\nsubject review s 1 – ü\nevent e-7\nseq 7\nleaf {hash}\nrecorded 2026-03-01T12:00:00Z\ndue 2026-03-01T12:05:00Z\n",
            Receipt.Of(Recorded, TimeSpan.FromMinutes(5)).Text());
    }

    [Fact]
    public void It_is_read_back_as_written_and_any_other_spelling_is_none()
    {
        var text = Receipt.Of(Recorded, TimeSpan.FromMinutes(5)).Text();
        Assert.Equal(Receipt.Of(Recorded, TimeSpan.FromMinutes(5)), Receipt.TryRead(text));
        for (var i = 0; i < text.Length; i++)
        {
            // Another event's receipt it may be; never this one's, and never one that prints otherwise.
            var altered = text.Remove(i, 1);
            Assert.True(Receipt.TryRead(altered) is not { } read || read.Text() == altered, altered);
        }

        foreach (var other in new[] { text + "\n", text + "more\n", text.TrimEnd('\n'), text.Replace("seq 7", "seq 07", StringComparison.Ordinal), text.Replace("12:05:00Z", "12:05:00.0Z", StringComparison.Ordinal), text.Replace("\n", "\r\n", StringComparison.Ordinal) })
            Assert.Null(Receipt.TryRead(other));
    }

    [Fact]
    public async Task A_checkpoint_is_no_receipt_and_a_receipt_no_checkpoint()
    {
        using var key = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var note = await new SignReceipts(LogName.Parse("certfn.example"), new LogKeys(key), MergeDelay.Default, NoRecord, TimeProvider.System).HandleAsync(Recorded, default);
        Assert.False(Checkpoint.TryParse(note.Text.Span, out _, out _));
        var checkpoint = new Checkpoint { Origin = "certfn.example/acme", Size = 1, Root = new Digest(new byte[32]) }.ToText();
        Assert.Null(Receipt.TryRead(Encoding.UTF8.GetString(checkpoint)));
    }

    [SkippableFact]
    public async Task Openssl_verifies_it_as_the_format_page_says()
    {
        OpenSsl.SkipWithout();
        using var folder = new TempFolder();
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = ecdsa.ExportSubjectPublicKeyInfoPem();
        using var key = new EcdsaLogKey(ecdsa);
        var note = Encoding.UTF8.GetString((await new SignReceipts(LogName.Parse("certfn.example"), new LogKeys(key), MergeDelay.Default, NoRecord, TimeProvider.System).HandleAsync(Recorded, default)).ToBytes());

        // The text up to the empty line; of the signature line's last word, all but the first four bytes.
        var cut = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        var (text, signature, publicKey) = (Path.Combine(folder.Path, "text"), Path.Combine(folder.Path, "signature"), Path.Combine(folder.Path, "key.pem"));
        await File.WriteAllTextAsync(text, note[..(cut + 1)]);
        await File.WriteAllBytesAsync(signature, Convert.FromBase64String(note[(cut + 2)..].TrimEnd('\n').Split(' ')[2])[4..]);
        await File.WriteAllTextAsync(publicKey, pem);
        Assert.Equal(0, (await OpenSsl.RunAsync("dgst", "-sha256", "-verify", publicKey, "-signature", signature, text)).ExitCode);
        await File.AppendAllTextAsync(text, " ");
        Assert.NotEqual(0, (await OpenSsl.RunAsync("dgst", "-sha256", "-verify", publicKey, "-signature", signature, text)).ExitCode);
    }
}
