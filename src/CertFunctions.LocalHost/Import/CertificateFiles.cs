using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Import;

/// <summary>One thing found where certificates were looked for.</summary>
abstract record ImportFinding(string Source)
{
    /// <summary>A certificate. The receiver disposes it.</summary>
    public sealed record Found(string Source, X509Certificate2 Certificate) : ImportFinding(Source);

    /// <summary>Something that could not be taken, and why.</summary>
    public sealed record Unusable(string Source, string Reason) : ImportFinding(Source);
}

/// <summary>Certificates in files and folders: PEM with any number in a file, DER, and PKCS#12 without a password.</summary>
static class CertificateFiles
{
    const int MaxFileBytes = 64 * 1024 * 1024;

    /// <summary>Walks files and folders (these with all below them), in a stable order. Nothing stops at a file that is no good.</summary>
    public static IEnumerable<ImportFinding> Read(IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                foreach (var finding in ReadFolder(path))
                    yield return finding;
            }
            else if (File.Exists(path))
            {
                foreach (var finding in ReadFile(path))
                    yield return finding;
            }
            else
                yield return new ImportFinding.Unusable(path, "there is no such file or folder");
        }
    }

    /// <summary>The CA certificates this machine trusts.</summary>
    public static IEnumerable<ImportFinding> ReadMachineTrust()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        try
        {
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        }
        catch (CryptographicException e)
        {
            throw new MendableException($"This machine's trusted certificates cannot be read: {e.Message} Name a folder of certificates with --certs.", e);
        }

        return [.. store.Certificates.OrderBy(c => c.Thumbprint, StringComparer.Ordinal).Select(c => new ImportFinding.Found("machine trust store", c))];
    }

    static IEnumerable<ImportFinding> ReadFolder(string folder)
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

    static IReadOnlyList<ImportFinding> ReadFile(string path)
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

    static IReadOnlyList<ImportFinding> ReadBinary(string path, byte[] bytes)
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
                X509ContentType.Pkcs12 => [.. X509CertificateLoader.LoadPkcs12Collection(bytes, "", X509KeyStorageFlags.EphemeralKeySet).Select(c => new ImportFinding.Found(path, c))],
                _ => [new ImportFinding.Unusable(path, $"it holds {type}, not a certificate")],
            };
        }
        catch (CryptographicException)
        {
            return [new ImportFinding.Unusable(path, type == X509ContentType.Pkcs12 ? "it is protected by a password" : "the certificate in it is broken")];
        }
    }
}
