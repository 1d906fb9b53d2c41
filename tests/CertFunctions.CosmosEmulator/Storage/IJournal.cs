namespace CertFunctions.Emulation.Storage;

/// <summary>
/// Told of every change before its answer leaves, in the order it happened (per partition for documents).
/// An emulator without a snapshot file has the one that forgets.
/// </summary>
interface IJournal
{
    void DatabaseCreated(Database database);

    void DatabaseDeleted(Database database);

    void ContainerCreated(Database database, Container container);

    void ContainerReplaced(Container container);

    void ContainerDeleted(Container container);

    void RangeSplit(Container container, PhysicalPartition parent, PhysicalPartition left, PhysicalPartition right);

    void Committed(Container container, Commit commit);
}
