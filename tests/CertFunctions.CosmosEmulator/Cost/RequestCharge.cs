using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Cost;

/// <summary>
/// A model of request units, to compare designs by and to notice a regression; not the service's bill. A 1 KB point read
/// is 1 RU, a 1 KB insert 5.5 RU and 0.2 RU for each value the policy indexes, a replace twice an insert, a page of a
/// query 2.3 RU and 0.05 RU for each KB it had to load, a page of the change feed 2 RU and the same. Point operations
/// count in whole KB.
/// </summary>
static class RequestCharge
{
    public const double Metadata = 1;
    public const double Refused = 1.24;

    const double WritePerKilobyte = 5.5;
    const double WritePerIndexedValue = 0.2;
    const double QueryBase = 2.3;
    const double FeedBase = 2;
    const double LoadedPerKilobyte = 0.05;

    public static double Read(int bytes) => Kilobytes(bytes);

    public static double Insert(StoredDocument document, IndexingPolicy policy) =>
        Round(Kilobytes(document.Size) * WritePerKilobyte + policy.CountIndexed(document.Root) * WritePerIndexedValue);

    public static double Replace(StoredDocument document, IndexingPolicy policy) => Round(2 * Insert(document, policy));

    public static double Delete(StoredDocument document, IndexingPolicy policy) => Insert(document, policy);

    public static double Query(long bytesLoaded) => Round(QueryBase + bytesLoaded / 1024.0 * LoadedPerKilobyte);

    public static double Feed(long bytes) => Round(FeedBase + bytes / 1024.0 * LoadedPerKilobyte);

    static double Kilobytes(int bytes) => Math.Max(1, Math.Ceiling(bytes / 1024.0));

    static double Round(double charge) => Math.Round(charge, 2);
}
