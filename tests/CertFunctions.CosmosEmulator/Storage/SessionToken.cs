using System.Globalization;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>How far a client has seen a range: <c>range:-1#lsn</c>, several separated by commas.</summary>
static class SessionToken
{
    public static string Of(PhysicalPartition partition) =>
        string.Create(CultureInfo.InvariantCulture, $"{partition.Id}:-1#{partition.Lsn}");

    /// <summary>Refuses to answer from before what the client has already seen, as a replica that lags would.</summary>
    public static void Check(string? token, PhysicalPartition partition)
    {
        if (string.IsNullOrEmpty(token)) return;
        foreach (var part in token.Split(','))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || part[..colon] != partition.Id) continue;
            var pieces = part[(colon + 1)..].Split('#');
            if (pieces.Length > 1 && long.TryParse(pieces[1], NumberStyles.Integer, CultureInfo.InvariantCulture, out var seen) && seen > partition.Lsn)
                throw new ServiceException(404, "NotFound", "The read session is not available for the input session token.", SubStatus.SessionNotAvailable);
        }
    }
}
