using System.Text.Json;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>Certificates' heads as documents, and back. A head of another version, or of before there was one, has its state made from its events.</summary>
sealed class CertificateHeads(Container container, ExpiryPolicies policies)
{
    public static bool IsCertificate(SubjectAddress address) => address.Subject.Kind == Subject.Certificate;

    /// <summary>The head's document; <paramref name="state"/> is null where the subject is no certificate. Its due time is what the plan says.</summary>
    public SubjectDocument Document(SubjectAddress address, long seq, CertificateState? state) =>
        Document(address, seq, state, state is null ? null : ExpiryPlan.NextDue(state, policies.For(address)));

    public static SubjectDocument Document(SubjectAddress address, long seq, CertificateState? state, DateTimeOffset? due)
    {
        var listed = state is not null && state != CertificateState.None;
        return new SubjectDocument
        {
            Id = SubjectDocument.HeadId,
            Org = address.Org.Value,
            Project = address.Project.Value,
            Subject = CosmosNames.Subject(address.Subject),
            LastSeq = seq,
            State = state is null ? null : JsonElement.Parse(state.ToJson()),
            Due = due is { } time ? CosmosNames.Time(time) : null,
            NotAfter = listed ? CosmosNames.Time(state!.Validity?.NotAfter ?? CertificatePlace.None) : null,
            Cert = listed ? address.Subject.Id : null,
            Status = listed ? state!.Status.Wire() : null,
            Issuer = listed ? state!.Issuer : null,
            Names = listed && state!.Validity is not null && state.Names.Kept.Count > 0 ? state.Names.Kept : null,
        };
    }

    /// <summary>The head that a document is.</summary>
    public async Task<CertificateHead> ReadAsync(SubjectDocument document, CancellationToken cancellationToken)
    {
        var address = Address(document);
        var state = await StateAsync(address, document, cancellationToken).ConfigureAwait(false) ?? CertificateState.None;
        return new CertificateHead(address, document.LastSeq, state, document.Due is null ? null : Rfc3339.TryParse(document.Due, out var due) ? due : throw new InvalidDataException($"the head of {address} has no time in due"));
    }

    /// <summary>The state in a head; null where the subject is no certificate.</summary>
    public async Task<CertificateState?> StateAsync(SubjectAddress address, SubjectDocument document, CancellationToken cancellationToken)
    {
        if (!IsCertificate(address))
            return null;
        return document.State is { } stored && CertificateState.TryRead(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(stored), out var state)
            ? state
            : await FoldAsync(address, document.LastSeq, cancellationToken).ConfigureAwait(false);
    }

    static SubjectAddress Address(SubjectDocument document)
    {
        var colon = document.Subject.IndexOf(':', StringComparison.Ordinal);
        return new SubjectAddress(OrgId.Parse(document.Org), ProjectId.Parse(document.Project), Subject.Parse(document.Subject[..colon], document.Subject[(colon + 1)..]));
    }

    async Task<CertificateState> FoldAsync(SubjectAddress address, long seq, CancellationToken cancellationToken)
    {
        var state = CertificateState.None;
        var sql = new QueryDefinition("SELECT * FROM c WHERE c.seq > 0 AND c.seq <= @seq ORDER BY c.seq").WithParameter("@seq", seq);
        using var pages = container.GetItemQueryIterator<EventDocument>(sql, requestOptions: CosmosNames.Within(CosmosNames.Partition(address), 100));
        while (pages.HasMoreResults)
        {
            foreach (var document in await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false))
                state = state.Apply(CertificateChange.Of(CosmosNames.Read(document))!);
        }

        return state;
    }
}
