using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Import;

/// <summary>The operating system's certificate stores: those of Windows and macOS, and on Linux the bundle of CA certificates it trusts.</summary>
static class SystemStores
{
    static readonly StoreName[] Names = [StoreName.My, StoreName.CertificateAuthority, StoreName.Root];

    /// <summary>The CA certificates this machine trusts.</summary>
    public static IEnumerable<ImportFinding> ReadTrusted()
    {
        if (Open(StoreLocation.LocalMachine, StoreName.Root, out var reason) is not { } trusted)
            throw new MendableException($"This machine's trusted certificates cannot be read: {reason} Name a folder of certificates with --certs.");
        return trusted.Select(c => new ImportFinding.Found("machine trust store", c));
    }

    /// <summary>Every certificate in every store that this user may read, each store's in a stable order. Which stores there are differs by system: one that is not there is no fault.</summary>
    public static IEnumerable<ImportFinding> ReadAll()
    {
        var any = false;
        string? last = null;
        foreach (var location in (StoreLocation[])[StoreLocation.LocalMachine, StoreLocation.CurrentUser])
        {
            foreach (var name in Names)
            {
                if (Open(location, name, out var reason) is not { } certificates)
                {
                    last = reason;
                    continue;
                }

                any = true;
                foreach (var certificate in certificates)
                    yield return new ImportFinding.Found($"{location}/{name}", certificate);
            }
        }

        if (!any)
            yield return new ImportFinding.Unusable("the system's stores", last ?? "there are none");
    }

    static IReadOnlyList<X509Certificate2>? Open(StoreLocation location, StoreName name, out string? reason)
    {
        reason = null;
        using var store = new X509Store(name, location);
        try
        {
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            return [.. store.Certificates.OrderBy(c => c.Thumbprint, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            reason = e.Message;
            return null;
        }
    }
}
