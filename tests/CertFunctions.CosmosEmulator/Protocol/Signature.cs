using System.Security.Cryptography;
using System.Text;

namespace CertFunctions.Emulation.Protocol;

/// <summary>Checks the signature every request carries: HMAC-SHA-256, with the account's key, over method, resource and date.</summary>
sealed class Signature(string key)
{
    readonly byte[] secret = Convert.FromBase64String(key);

    public void Check(GatewayRequest request)
    {
        var token = Uri.UnescapeDataString(request.Header("Authorization") ?? string.Empty);
        if (token.Length == 0) throw new ServiceException(401, "Unauthorized", "Required Header authorization is missing. Ensure a valid Authorization token is passed.");

        var parts = token.Split('&', 3);
        if (parts is not ["type=master", "ver=1.0", var signature] || !signature.StartsWith("sig=", StringComparison.Ordinal))
            throw new ServiceException(401, "Unauthorized", "This emulator knows master-key tokens only ('type=master&ver=1.0&sig=…'), not Entra ID or resource tokens.");

        var sent = new byte[32];
        var wellFormed = Convert.TryFromBase64String(signature["sig=".Length..], sent, out var length) && length == sent.Length;
        foreach (var link in Links(request))
            if (wellFormed && CryptographicOperations.FixedTimeEquals(sent, HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(Payload(request, link)))))
                return;

        throw new ServiceException(401, "Unauthorized",
            "The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol. "
            + "For more info: https://aka.ms/cosmosdb-tsg-unauthorized. "
            + $"Server used the following payload to sign: '{Payload(request, request.Route.ResourceLink).Replace("\n", "\\n", StringComparison.Ordinal)}'");
    }

    /// <summary>Names are signed as they are written, resource ids as the bare id in lower case.</summary>
    static IEnumerable<string> Links(GatewayRequest request)
    {
        var link = request.Route.ResourceLink;
        yield return link;
        yield return Uri.UnescapeDataString(link);
        var escaped = string.Join('/', request.Route.Segments.Take(link.Length == 0 ? 0 : link.Count('/') + 1).Select(Uri.EscapeDataString));
        yield return escaped;
        yield return (link.Length == 0 ? link : request.Route.Segments[request.Route.IsEntity ? ^1 : ^2]).ToLowerInvariant();
    }

    static string Payload(GatewayRequest request, string link)
    {
        var date = request.Header(Wire.Date);
        var own = date is null ? request.Header("Date") ?? string.Empty : string.Empty;
        return $"{request.Method.ToLowerInvariant()}\n{request.Route.ResourceType}\n{link}\n{date?.ToLowerInvariant()}\n{own.ToLowerInvariant()}\n";
    }
}
