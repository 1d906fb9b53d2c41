namespace CertFunctions.Emulation.Storage;

/// <summary>Keeps nothing: the emulator's content ends with the process.</summary>
sealed class NoJournal : IJournal
{
    public void DatabaseCreated(Database database)
    {
    }

    public void DatabaseDeleted(Database database)
    {
    }

    public void ContainerCreated(Database database, Container container)
    {
    }

    public void ContainerReplaced(Container container)
    {
    }

    public void ContainerDeleted(Container container)
    {
    }

    public void RangeSplit(Container container, PhysicalPartition parent, PhysicalPartition left, PhysicalPartition right)
    {
    }

    public void Committed(Container container, Commit commit)
    {
    }
}
