using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Notes;

namespace CertFunctions.LocalHost.Data;

/// <summary>One of the log's signing keys in a file: ECDSA P-256, PKCS #8 in PEM.</summary>
static class SigningKeys
{
    public static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    public static EcdsaLogKey Read(string path)
    {
        var pem = SecretFile.Load(path);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return new EcdsaLogKey(key);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new MendableException($"{path} does not hold a P-256 private key in PEM: restore it from a backup.", e);
        }
    }
}

/// <summary>Numbered keys of one kind in a data folder: <c>keys/KIND-N.key</c>, and <c>keys/KIND-N.next</c> for one that is not in force yet.</summary>
static class KeyFiles
{
    public const string Signing = "signing", Hmac = "hmac";

    /// <summary>Whether there is any file of that kind, also one whose name has no number.</summary>
    public static bool Any(DataFolder folder, string kind) => All(folder, kind).Length > 0;

    /// <summary>The files by their numbers, ascending.</summary>
    public static SortedDictionary<int, string> Numbered(DataFolder folder, string kind)
    {
        var files = new SortedDictionary<int, string>();
        foreach (var file in All(folder, kind))
        {
            if (int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file).AsSpan(kind.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                files[number] = file;
        }

        return files;
    }

    public static string Path(DataFolder folder, string kind, int number) => System.IO.Path.Combine(folder.Keys, Id(kind, number) + ".key");

    static string[] All(DataFolder folder, string kind) => Directory.Exists(folder.Keys) ? Directory.GetFiles(folder.Keys, $"{kind}-*.key") : [];

    /// <summary>Where a key waits until the ledger says that it comes into force.</summary>
    public static string Next(DataFolder folder, string kind, int number) => System.IO.Path.Combine(folder.Keys, Id(kind, number) + ".next");

    public static string Id(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");
}
