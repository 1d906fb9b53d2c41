using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Notes;

public sealed class SignedNoteTests
{
    /// <summary>Published by logs in the field, under type 2: a Rekor log and the Pixel binary transparency log.</summary>
    public static TheoryData<string, string> FieldNotes => new()
    {
        {
            "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=",
            "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n— rekor.sigstore.dev wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n"
        },
        {
            "pixel6_transparency_log+91c16e30+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN+4x0Jk1yTwvLFI9A4NDdGZcX0aiWVdWM5XJVy0M4VWD3AvyW5Q6Hs9A0mcDkpUoYgn+KKPNzFC0H3nN3q6JQ8=",
            "DEFAULT\n10\nbsWRucJU5xJPHb5eBdOm6+DM+VelCZBuvtI3sHERJ9Y=\n\n— pixel6_transparency_log kcFuMDBFAiEAhqMAP8P6qf6QxtUJhzMhbN+MbZ9dwfUHzGQJmffJHtoCIGD0cNe47dHWBoPwYdgBCepB06/+g5O1FmYjXl06owL4\n"
        },
    };

    /// <summary>The example of C2SP signed-note, signed with Ed25519.</summary>
    const string Ed25519Key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    const string Ed25519Note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    static readonly NoteSignature Other = new("example.com/other", 7, new byte[] { 1, 2, 3 });

    [Theory]
    [MemberData(nameof(FieldNotes))]
    public void A_note_that_a_log_in_the_field_published_is_right_to_the_byte(string vkey, string text)
    {
        var (key, note) = (Key(vkey), Note(text));

        Assert.Equal(vkey, key.ToString());
        Assert.Equal(text, Encoding.UTF8.GetString(note.ToBytes()));
        Assert.Equal([key], note.Check(key).Good);
        Assert.False(note.Check(key).IsRefused);
    }

    [Theory]
    [MemberData(nameof(FieldNotes))]
    public void Any_byte_of_it_changed_makes_it_no_note_or_not_that_keys(string vkey, string text)
    {
        var key = Key(vkey);
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var bit in new[] { 1, 4, 0x20, 0x80 })
            {
                bytes[i] ^= (byte)bit;
                Assert.True(!SignedNote.TryParse(bytes, out var note, out _) || note.Check(key).IsRefused, $"byte {i}, bit {bit}");
                bytes[i] ^= (byte)bit;
            }
        }
    }

    [Fact]
    public void A_signature_of_a_type_nobody_here_can_check_is_kept_and_neither_right_nor_wrong()
    {
        var (key, note) = (Key(Ed25519Key), Note(Ed25519Note));

        Assert.Equal(SignatureType.Ed25519, key.Type);
        Assert.Equal([key], note.Check(key).Unsupported);
        Assert.True(note.Check(key).IsRefused);
        Assert.Equal(Ed25519Note, Encoding.UTF8.GetString(note.ToBytes()));
    }

    [Fact]
    public async Task What_is_signed_here_is_right_and_stays_so_beside_signatures_nobody_knows()
    {
        using var log = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var (acme, globex) = (log.Named("example.com/log/acme"), log.Named("example.com/log/globex"));
        var text = "a text\n\nwith an empty line\n"u8.ToArray();

        var note = new SignedNote(text, [Other, await acme.SignAsync(text, default)]).With(Other with { KeyId = 8 });
        var back = Note(Encoding.UTF8.GetString(note.ToBytes()));

        Assert.Equal(text, back.Text.ToArray());
        Assert.Equal(3, back.Signatures.Count);
        Assert.Equal([acme.Verifier], back.Check(globex.Verifier, acme.Verifier).Good);
        Assert.True(back.Check(globex.Verifier).IsRefused);
        Assert.Equal(acme.Verifier.KeyId, globex.Verifier.KeyId);
        Assert.Equal(acme.Verifier, globex.Verifier.Named("example.com/log/acme"));
    }

    [Fact]
    public async Task One_wrong_signature_of_a_known_key_refuses_the_note_whoever_else_signed()
    {
        using var log = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        using var witness = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var (first, second) = (log.Named("log"), witness.Named("witness"));
        var text = "text\n"u8.ToArray();

        var note = new SignedNote(text, [await first.SignAsync(text, default), await second.SignAsync("other\n"u8.ToArray(), default)]);

        Assert.False(note.Check(first.Verifier).IsRefused);
        var both = note.Check(first.Verifier, second.Verifier);
        Assert.Equal([second.Verifier], both.Wrong);
        Assert.True(both.IsRefused);
    }

    [Fact]
    public void A_signature_is_added_once()
    {
        var note = new SignedNote("t\n"u8.ToArray(), [Other]);

        Assert.Single(note.With(Other, Other).Signatures);
        Assert.Equal(2, note.With(Other with { KeyName = "else" }).Signatures.Count);
    }

    public static TheoryData<string> NotNotes =>
    [
        "",
        "text\n",
        "text\n\n",
        "text\n— k AAAAAAE=\n",
        "text\n\n— k AAAAAAE=",
        "text\n\n— k AAAAAAE=\n\n",
        "text\n\n— k AAAAAAE=\nmore\n",
        "text\n\n- k AAAAAAE=\n",
        "text\n\n—k AAAAAAE=\n",
        "text\n\n—  AAAAAAE=\n",
        "text\n\n— k\n",
        "text\n\n— k \n",
        "text\n\n— k AAAAAA==\n",
        "text\n\n— k AAAAAAF=\n",
        "text\n\n— k AAAAAAE\n",
        "text\n\n— k AAAA AAE=\n",
        "text\n\n— k  AAAAAAE=\n",
        "text\n\n— k AAAAAAE= \n",
        "text\n\n— k+l AAAAAAE=\n",
        "text\n\n— k\u00a0l AAAAAAE=\n",
        "te\txt\n\n— k AAAAAAE=\n",
        "text\r\n\r\n— k AAAAAAE=\r\n",
        "text\0\n\n— k AAAAAAE=\n",
    ];

    [Theory]
    [MemberData(nameof(NotNotes))]
    public void What_is_no_note_is_refused_with_a_reason(string text)
    {
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Neither_ill_formed_text_nor_too_much_of_it_is_a_note()
    {
        var long_ = "t\n\n" + string.Concat(Enumerable.Repeat("— k AAAAAAE=\n", SignedNote.MaxSignatures));
        Assert.True(SignedNote.TryParse(Encoding.UTF8.GetBytes(long_), out _, out _));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(long_ + "— k AAAAAAE=\n"), out _, out _));
        Assert.False(SignedNote.TryParse(Encoding.UTF8.GetBytes(new string('t', SignedNote.MaxBytes) + "\n\n— k AAAAAAE=\n"), out _, out _));
        Assert.False(SignedNote.TryParse([0xC3, .. Encoding.UTF8.GetBytes("\n\n— k AAAAAAE=\n")], out _, out _));
        Assert.False(SignedNote.TryParse([.. "t\n\n"u8, 0xE2, 0x80, 0x94, 0x20, 0xFF, .. " AAAAAAE=\n"u8], out _, out _));
    }

    [Fact]
    public void Whatever_bytes_come_parsing_ends_in_a_note_that_prints_as_it_came_or_in_a_reason() =>
        Prop.ForAll(Gen.ListOf(Gen.Elements("t", "\n", "\n\n", "— ", "k", " ", "AAAAAAE=", "AAAA", "+", "\u00a0", "\0", "é")).ToArbitrary(), parts =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(parts));
            return SignedNote.TryParse(bytes, out var note, out var why) ? note.ToBytes().AsSpan().SequenceEqual(bytes) : why.Length > 0;
        }).QuickCheckThrowOnFailure();

    [SkippableFact]
    public async Task Openssl_finds_the_signature_over_the_text_right_and_over_another_wrong()
    {
        OpenSsl.SkipWithout();
        using var folder = new TempFolder();
        using var log = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var signer = log.Named("example.com/log/acme");
        var text = "example.com/log/acme\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"u8.ToArray();
        var signature = await signer.SignAsync(text, default);
        var (keyFile, textFile, signatureFile) = (folder.File("key.pem"), folder.File("text"), folder.File("signature"));
        await File.WriteAllTextAsync(keyFile, PemEncoding.WriteString("PUBLIC KEY", signer.Verifier.Key.Span));
        await File.WriteAllBytesAsync(textFile, text);
        await File.WriteAllBytesAsync(signatureFile, signature.Value.ToArray());

        Assert.Equal((0, "Verified OK\n"), await OpenSsl.RunAsync("dgst", "-sha256", "-verify", keyFile, "-signature", signatureFile, textFile));
        await File.WriteAllBytesAsync(textFile, [.. text, (byte)'\n']);
        Assert.NotEqual(0, (await OpenSsl.RunAsync("dgst", "-sha256", "-verify", keyFile, "-signature", signatureFile, textFile)).ExitCode);
    }

    static VerifierKey Key(string text) => VerifierKey.TryParse(text, out var key, out var why) ? key : throw new FormatException(why);

    static SignedNote Note(string text) => SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out var note, out var why) ? note : throw new FormatException(why);
}
