using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;

namespace CertFunctions.LocalHost.Data;

/// <summary>
/// The secrets of a local service, made on its first start: <c>keys/api-key</c> (what clients send), <c>keys/cursor.key</c>, and the ledger's HMAC
/// keys <c>keys/hmac-N.key</c> and the log's signing keys <c>keys/signing-N.key</c> (P-256, PKCS #8 in PEM), of which the highest N is in force and the others
/// verify what is older.
/// </summary>
sealed class ServiceKeys
{
    public required string ApiKey { get; init; }

    public required byte[] Cursor { get; init; }

    public required LedgerKeys Ledger { get; init; }

    public required LogKeys Log { get; init; }

    public static ServiceKeys LoadOrCreate(DataFolder folder)
    {
        var hmac = Path.Combine(folder.Keys, "hmac-1.key");
        if (HmacFiles(folder).Length == 0)
            SecretFile.LoadOrCreate(hmac, SecretFile.RandomHex);
        if (Files(folder, SigningPrefix).Length == 0)
            SecretFile.LoadOrCreate(Path.Combine(folder.Keys, SigningPrefix + "1.key"), NewSigningKey);
        return new ServiceKeys
        {
            ApiKey = SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "api-key"), () => "cfn_" + SecretFile.RandomHex()),
            Cursor = Bytes(SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "cursor.key"), SecretFile.RandomHex), "cursor.key"),
            Ledger = LoadLedger(folder)!,
            Log = LoadLog(folder),
        };
    }

    public static string LoadApiKey(DataFolder folder) => SecretFile.Load(Path.Combine(folder.Keys, "api-key"));

    /// <summary>The ledger's keys; null where the folder has none, as a copy for an auditor may.</summary>
    public static LedgerKeys? LoadLedger(DataFolder folder)
    {
        var keys = new SortedDictionary<int, byte[]>();
        foreach (var file in HmacFiles(folder))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (int.TryParse(name.AsSpan("hmac-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                keys[number] = Bytes(SecretFile.Load(file), file);
        }

        return keys.Count == 0 ? null : new LedgerKeys(Id(keys.Keys.Last()), keys.ToDictionary(k => Id(k.Key), k => k.Value));
    }

    /// <summary>The log's keys.</summary>
    public static LogKeys LoadLog(DataFolder folder)
    {
        var keys = new SortedDictionary<int, EcdsaLogKey>();
        foreach (var file in Files(folder, SigningPrefix))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(file).AsSpan(SigningPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                keys[number] = SigningKey(SecretFile.Load(file), file);
        }

        return keys.Count == 0
            ? throw new MendableException($"There is no {SigningPrefix}1.key in {folder.Keys}: name the data folder of a service that has been started with --data.")
            // The name only stands in until a ledger's own is asked for.
            : new LogKeys(keys.Values.Last(), keys.Values.SkipLast(1).Select(k => k.Named("log").Verifier));
    }

    static string NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    static EcdsaLogKey SigningKey(string pem, string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return new EcdsaLogKey(key);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new MendableException($"{file} does not hold a P-256 private key in PEM: restore it from a backup.", e);
        }
    }

    static string Id(int number) => $"hmac-{number.ToString(CultureInfo.InvariantCulture)}";

    const string SigningPrefix = "signing-";

    static string[] HmacFiles(DataFolder folder) => Files(folder, "hmac-");

    static string[] Files(DataFolder folder, string prefix) => Directory.Exists(folder.Keys) ? Directory.GetFiles(folder.Keys, prefix + "*.key") : [];

    static byte[] Bytes(string hex, string file)
    {
        try
        {
            return Convert.FromHexString(hex) is { Length: >= 32 } bytes ? bytes : throw new FormatException();
        }
        catch (FormatException e)
        {
            throw new MendableException($"{file} does not hold a key of 64 hex digits: restore it from a backup.", e);
        }
    }
}
