using CertFunctions.Core.Certificates;
using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Expiry;

/// <summary>
/// Brings the certificates' due times to the policies at hand: they were computed as the events came, under the policies of that time. Remembers which policies
/// they are computed under, and, while under way, how far it got: if we die, the next run goes on there.
/// </summary>
public sealed class ReplanExpiry(ICertificateStore certificates, IPositionStore positions, ExpiryPolicies policies)
{
    /// <summary>The name it keeps its place under.</summary>
    public const string Reader = "expiry-policy";

    const int PageCertificates = 500;

    /// <summary>Goes over every certificate where the policies changed since the last run that came to the end; how many due times it changed.</summary>
    public async Task<long> HandleAsync(CancellationToken cancellationToken)
    {
        var place = await positions.GetAsync(Reader, cancellationToken).ConfigureAwait(false);
        if (place == policies.Fingerprint)
            return 0;
        var underWay = $"{policies.Fingerprint}@";
        var position = place is not null && place.StartsWith(underWay, StringComparison.Ordinal) && place.Length > underWay.Length ? place[underWay.Length..] : null;
        long changed = 0;
        while (true)
        {
            var page = await certificates.ScanAsync(position, PageCertificates, cancellationToken).ConfigureAwait(false);
            foreach (var head in page.Heads)
            {
                var due = ExpiryPlan.NextDue(head.State, policies.For(head.Address));
                // An event that came meanwhile had its due time computed by a store that knows these policies.
                if (due != head.Due && await certificates.RescheduleAsync(head.Address, head.Seq, due, cancellationToken).ConfigureAwait(false))
                    changed++;
            }

            position = page.Position;
            await positions.SaveAsync(Reader, position is null ? policies.Fingerprint : underWay + position, cancellationToken).ConfigureAwait(false);
            if (position is null)
                return changed;
        }
    }
}
