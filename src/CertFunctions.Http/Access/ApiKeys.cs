using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace CertFunctions.Http.Access;

/// <summary>
/// API keys, known by their SHA-256 only. A key is 32 random bytes, so its hash needs no salt and no stretching, and finding it by hash leaks no
/// timing about the key.
/// </summary>
public sealed class ApiKeys : ICredentials
{
    readonly FrozenDictionary<string, Caller> callers;

    /// <param name="callers">Each key's SHA-256, in lower-case hex, with who it is.</param>
    public ApiKeys(IEnumerable<KeyValuePair<string, Caller>> callers) => this.callers = callers.ToFrozenDictionary();

    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public ValueTask<Caller?> FindAsync(string bearer, CancellationToken cancellationToken) =>
        ValueTask.FromResult(bearer.Length <= 256 ? callers.GetValueOrDefault(Hash(bearer)) : null);
}
