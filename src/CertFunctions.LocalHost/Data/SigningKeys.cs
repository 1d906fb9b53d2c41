using System.Globalization;
using System.Security.Cryptography;

namespace CertFunctions.LocalHost.Data;

/// <summary>One of the log's signing keys in a file: ECDSA P-256, PKCS #8 in PEM.</summary>
static class SigningKeys
{
    public static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    public static ECDsa Read(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(SecretFile.Load(path));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new MendableException($"{path} does not hold a P-256 key in PEM: restore it from a backup.", e);
        }
    }
}

/// <summary>Numbered keys of one kind in a data folder: <c>keys/KIND-N.key</c>, and <c>keys/KIND-N.next</c> for one that is not in force yet.</summary>
static class KeyFiles
{
    public static IEnumerable<int> Numbers(DataFolder folder, string kind)
    {
        if (!Directory.Exists(folder.Keys))
            yield break;
        foreach (var file in Directory.GetFiles(folder.Keys, $"{kind}-*.key"))
        {
            if (int.TryParse(System.IO.Path.GetFileNameWithoutExtension(file).AsSpan(kind.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                yield return number;
        }
    }

    public static string Path(DataFolder folder, string kind, int number) => System.IO.Path.Combine(folder.Keys, Id(kind, number) + ".key");

    /// <summary>Where a key waits until the ledger says that it comes into force.</summary>
    public static string Next(DataFolder folder, string kind, int number) => System.IO.Path.Combine(folder.Keys, Id(kind, number) + ".next");

    public static string Id(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");
}
