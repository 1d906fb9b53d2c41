using System.Globalization;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>How the product's names are spelled in documents, and back.</summary>
static class CosmosNames
{
    public static string Subject(Subject subject) => $"{subject.Kind}:{subject.Id}";

    public static PartitionKey Partition(SubjectAddress address) => Partition(address.Org.Value, address.Project.Value, Subject(address.Subject));

    public static PartitionKey Partition(string org, string project, string subject) => new PartitionKeyBuilder().Add(org).Add(project).Add(subject).Build();

    public static PartitionKey Partition(OrgId ledger, long segment) => new PartitionKeyBuilder().Add(ledger.Value).Add(Segment(segment)).Build();

    /// <summary>A query within one partition key, or within all that begin with it: straight to where they lie, without asking for a plan first.</summary>
    public static QueryRequestOptions Within(PartitionKey partition, int? pageSize = null) =>
        new() { PartitionKey = partition, MaxItemCount = pageSize, EnableOptimisticDirectExecution = true };

    public static string Segment(long segment) => segment.ToString("D10", CultureInfo.InvariantCulture);

    public static string Entry(long index) => EntryDocument.IdPrefix + index.ToString("D15", CultureInfo.InvariantCulture);

    /// <summary>An event's identity in one string. None of its parts can hold a slash.</summary>
    public static string Event(SubjectAddress address, EventId id) => $"{address.Project}/{Subject(address.Subject)}/{id}";

    /// <summary>A time that sorts as text.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static Digest Digest(string hex) => Core.Ledger.Digest.TryParse(hex, out var digest) ? digest : throw new InvalidDataException("the ledger holds a hash that is none: run 'certfn verify'");

    /// <summary>A stored event; false for a document that is not one, whatever it is.</summary>
    public static bool TryRead(EventDocument document, out RecordedEvent recorded)
    {
        recorded = null!;
        var colon = document.Subject.IndexOf(':', StringComparison.Ordinal);
        if (!document.Id.StartsWith(EventDocument.IdPrefix, StringComparison.Ordinal) || !EventId.TryParse(document.Id[EventDocument.IdPrefix.Length..], out var id)
            || !OrgId.TryParse(document.Org, out var org) || !ProjectId.TryParse(document.Project, out var project)
            || colon < 0 || !Core.Events.Subject.TryParse(document.Subject[..colon], document.Subject[(colon + 1)..], out var subject)
            || document.Seq < 1 || string.IsNullOrEmpty(document.Leaf))
            return false;
        recorded = new RecordedEvent
        {
            Address = new SubjectAddress(org, project, subject),
            Id = id,
            Seq = document.Seq,
            Leaf = Encoding.UTF8.GetBytes(document.Leaf),
            Salt = document.Salt is null ? default : Convert.FromHexString(document.Salt),
            Personal = document.Personal is null ? default : Encoding.UTF8.GetBytes(document.Personal),
            // An erased event was written a second time, and the time of that says nothing about when it was chained.
            Handle = document.Salt is null ? 0 : document.Timestamp,
        };
        return true;
    }

    public static RecordedEvent Read(EventDocument document) =>
        TryRead(document, out var recorded) ? recorded : throw new InvalidDataException($"the document {document.Id} is not an event");
}
