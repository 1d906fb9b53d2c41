using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CertFunctions.LocalHost.Import;

/// <summary>
/// Certificates in files and folders: PEM with any number in a file, DER, PKCS#12 (with <paramref name="password"/> where it does not open without),
/// and inventories (<see cref="CertificateInventory"/>).
/// </summary>
sealed class CertificateFiles(Pkcs12Password password)
{
    const int MaxFileBytes = 64 * 1024 * 1024;

    /// <summary>Only the certificates are wanted: no private key is decrypted, let alone kept.</summary>
    static readonly Pkcs12LoaderLimits CertificatesOnly = new() { IgnorePrivateKeys = true };

    /// <summary>What is in a file, or in a folder and all below it, in a stable order. Nothing stops at a file that is no good.</summary>
    public IEnumerable<ImportFinding> Read(string path) =>
        Directory.Exists(path) ? ReadFolder(path) : File.Exists(path) ? ReadFile(path) : [new ImportFinding.Unusable(path, "there is no such file or folder")];

    IEnumerable<ImportFinding> ReadFolder(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 64, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None };
        using var files = Directory.EnumerateFiles(folder, "*", options).GetEnumerator();
        var sorted = new List<string>();
        ImportFinding? broken = null;
        try
        {
            while (files.MoveNext())
                sorted.Add(files.Current);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            broken = new ImportFinding.Unusable(folder, e.Message);
        }

        sorted.Sort(StringComparer.Ordinal);
        foreach (var finding in sorted.SelectMany(ReadFile))
            yield return finding;
        if (broken is not null)
            yield return broken;
    }

    IEnumerable<ImportFinding> ReadFile(string path) =>
        Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase) ? CertificateInventory.Read(path) : ReadCertificates(path);

    IReadOnlyList<ImportFinding> ReadCertificates(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length == 0)
                return [new ImportFinding.Unusable(path, "the file is empty")];
            if (length > MaxFileBytes)
                return [new ImportFinding.Unusable(path, "the file is larger than 64 MiB, too large to be certificates")];
            var bytes = File.ReadAllBytes(path);
            return bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0 ? ReadPem(path, Encoding.Latin1.GetString(bytes)) : ReadBinary(path, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new ImportFinding.Unusable(path, e.Message)];
        }
    }

    static List<ImportFinding> ReadPem(string path, string text)
    {
        var findings = new List<ImportFinding>();
        var others = new SortedSet<string>(StringComparer.Ordinal);
        var number = 0;
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var block))
        {
            AddBroken(path, rest[..block.Location.Start], findings);
            var label = rest[block.Label].ToString();
            if (label is "CERTIFICATE" or "X509 CERTIFICATE" or "TRUSTED CERTIFICATE")
            {
                number++;
                findings.Add(ReadOne(path, number, Convert.FromBase64String(rest[block.Base64Data].ToString())));
            }
            else
                others.Add(label);
            rest = rest[block.Location.End..];
        }

        AddBroken(path, rest, findings);
        if (findings.Count == 0)
            findings.Add(new ImportFinding.Unusable(path, others.Any(l => l.Contains("ENCRYPTED", StringComparison.Ordinal))
                ? "it is protected by a password, and holds no certificate in the clear"
                : $"it holds no certificate, only {string.Join(", ", others)}"));
        return findings;
    }

    /// <summary>A block that begins in what was passed over on the way to a whole one, or to the end.</summary>
    static void AddBroken(string path, ReadOnlySpan<char> passedOver, List<ImportFinding> findings)
    {
        if (passedOver.IndexOf("-----BEGIN ") is >= 0 and var broken)
            findings.Add(new ImportFinding.Unusable(path, $"a PEM block is broken or cut off: {passedOver[broken..Math.Min(passedOver.Length, broken + 40)].ToString().Split('\n')[0].Trim()}"));
    }

    static ImportFinding ReadOne(string path, int number, byte[] der)
    {
        try
        {
            return new ImportFinding.Found(path, X509CertificateLoader.LoadCertificate(der));
        }
        catch (CryptographicException)
        {
            return new ImportFinding.Unusable(path, $"certificate {number} in it is broken");
        }
    }

    IReadOnlyList<ImportFinding> ReadBinary(string path, byte[] bytes)
    {
        X509ContentType type;
        try
        {
            type = X509Certificate2.GetCertContentType(bytes);
        }
        catch (CryptographicException)
        {
            return [new ImportFinding.Unusable(path, "it is not a certificate, neither PEM nor DER")];
        }

        try
        {
            return type switch
            {
                X509ContentType.Cert => [new ImportFinding.Found(path, X509CertificateLoader.LoadCertificate(bytes))],
                X509ContentType.Pkcs12 => ReadPkcs12(path, bytes),
                _ => [new ImportFinding.Unusable(path, $"it holds {type}, not a certificate")],
            };
        }
        catch (CryptographicException)
        {
            return [new ImportFinding.Unusable(path, "the certificate in it is broken")];
        }
    }

    IReadOnlyList<ImportFinding> ReadPkcs12(string path, byte[] bytes)
    {
        if (TryOpen(path, bytes, "") is { } open)
            return open;
        if (password.Get(path) is not { } secret)
            return [new ImportFinding.Unusable(path, $"it is protected by a password: put it into {Pkcs12Password.Variable}, or into a file named with --password-file")];
        return TryOpen(path, bytes, secret) ?? [new ImportFinding.Unusable(path, $"it is protected by a password, and {password.Origin} does not open it (or the file is damaged)")];
    }

    /// <summary>Null where the password is not the right one: a wrong one cannot be told from damage.</summary>
    static IReadOnlyList<ImportFinding>? TryOpen(string path, byte[] bytes, string secret)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12Collection(bytes, secret, X509KeyStorageFlags.DefaultKeySet, CertificatesOnly) is { Count: > 0 } found
                ? [.. found.Select(c => new ImportFinding.Found(path, c))]
                : [new ImportFinding.Unusable(path, "it holds no certificate")];
        }
        catch (Pkcs12LoadLimitExceededException e)
        {
            return [new ImportFinding.Unusable(path, $"it asks for more work than a PKCS#12 file should: {e.Message}")];
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
