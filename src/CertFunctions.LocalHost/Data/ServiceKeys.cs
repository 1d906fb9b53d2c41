using CertFunctions.Core.Ledger;
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
        if (!KeyFiles.Any(folder, KeyFiles.Hmac))
            SecretFile.LoadOrCreate(KeyFiles.Path(folder, KeyFiles.Hmac, 1), SecretFile.RandomHex);
        if (!KeyFiles.Any(folder, KeyFiles.Signing))
            SecretFile.LoadOrCreate(KeyFiles.Path(folder, KeyFiles.Signing, 1), SigningKeys.NewKey);
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
        var files = KeyFiles.Numbered(folder, KeyFiles.Hmac);
        return files.Count == 0 ? null : new LedgerKeys(KeyFiles.Id(KeyFiles.Hmac, files.Keys.Last()), files.ToDictionary(f => KeyFiles.Id(KeyFiles.Hmac, f.Key), f => Bytes(SecretFile.Load(f.Value), f.Value)));
    }

    /// <summary>The log's keys.</summary>
    public static LogKeys LoadLog(DataFolder folder)
    {
        var keys = KeyFiles.Numbered(folder, KeyFiles.Signing).Values.Select(SigningKeys.Read).ToList();
        return keys.Count == 0
            ? throw new MendableException($"There is no {KeyFiles.Id(KeyFiles.Signing, 1)}.key in {folder.Keys}: name the data folder of a service that has been started with --data.")
            : new LogKeys(keys, []);
    }

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
