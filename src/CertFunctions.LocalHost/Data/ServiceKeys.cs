using System.Globalization;
using CertFunctions.Core.Ledger;

namespace CertFunctions.LocalHost.Data;

/// <summary>
/// The secrets of a local service, made on its first start: <c>keys/api-key</c> (what clients send), <c>keys/cursor.key</c>, and the ledger's HMAC
/// keys <c>keys/hmac-N.key</c>, of which the highest N is in force and the others verify old entries.
/// </summary>
sealed class ServiceKeys
{
    public required string ApiKey { get; init; }

    public required byte[] Cursor { get; init; }

    public required LedgerKeys Ledger { get; init; }

    public static ServiceKeys LoadOrCreate(DataFolder folder)
    {
        var hmac = Path.Combine(folder.Keys, "hmac-1.key");
        if (HmacFiles(folder).Length == 0)
            SecretFile.LoadOrCreate(hmac, SecretFile.RandomHex);
        return new ServiceKeys
        {
            ApiKey = SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "api-key"), () => "cfn_" + SecretFile.RandomHex()),
            Cursor = Bytes(SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "cursor.key"), SecretFile.RandomHex), "cursor.key"),
            Ledger = LoadLedger(folder)!,
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

    static string Id(int number) => $"hmac-{number.ToString(CultureInfo.InvariantCulture)}";

    static string[] HmacFiles(DataFolder folder) => Directory.Exists(folder.Keys) ? Directory.GetFiles(folder.Keys, "hmac-*.key") : [];

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
