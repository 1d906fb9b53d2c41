using System.Security.Cryptography;
using CertFunctions.Http.Access;

namespace CertFunctions.Http.Hosting;

/// <summary>
/// The keys of <c>local.settings.sample.json</c>, which everyone knows: each one's bytes begin with <c>SAMPLE</c>. They are taken only where the record itself
/// is on this machine, so that no setting forgotten in a deployment can let them in.
/// </summary>
static class SampleKeys
{
    /// <summary>The API key whose hash the sample has.</summary>
    public const string ApiKey = "cfn_SAMPLE-do-not-deploy";

    public static bool IsSample(ReadOnlySpan<byte> key) => key.StartsWith("SAMPLE"u8);

    public static bool IsSampleHash(string hash) => hash == ApiKeys.Hash(ApiKey);

    public static bool IsSamplePrivateKey(ReadOnlyMemory<byte> pkcs8)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8.Span, out _);
        return IsSample(key.ExportParameters(includePrivateParameters: true).D);
    }

    /// <summary>Whether a Cosmos DB connection ends on this machine: an emulator, and nobody's record.</summary>
    public static bool IsThisMachine(string cosmos)
    {
        const string Name = "AccountEndpoint=";
        var part = cosmos.Split(';').Select(p => p.Trim()).FirstOrDefault(p => p.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return Uri.TryCreate(part is null ? cosmos : part[Name.Length..], UriKind.Absolute, out var uri) && uri.IsLoopback;
    }
}
