using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>Every database of the emulator, and the clock they go by.</summary>
sealed class Account(int rangesPerContainer, TimeProvider clock, IJournal journal)
{
    readonly Lock gate = new();
    readonly Dictionary<string, Database> databases = new(StringComparer.Ordinal);
    uint nextDatabase = 1;
    long versions;

    /// <summary>Seconds since 1970.</summary>
    public long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    public IJournal Journal => journal;

    public IReadOnlyList<Database> Databases
    {
        get { lock (gate) return [.. databases.Values]; }
    }

    public IReadOnlyList<Container> ContainersOf(Database database)
    {
        lock (gate) return [.. database.Containers];
    }

    public Database Database(string nameOrRid)
    {
        lock (gate)
            return databases.GetValueOrDefault(nameOrRid)
                ?? databases.Values.FirstOrDefault(database => database.Rid == nameOrRid)
                ?? throw ServiceException.NotFound($"database '{nameOrRid}'");
    }

    public Container Container(string database, string container)
    {
        lock (gate)
            return Database(database).Find(container)
                ?? throw ServiceException.NotFound($"container '{container}' of database '{database}'");
    }

    /// <summary>A container for what it holds: when it is not there, the client must hear that the owner is missing, not the document.</summary>
    public Container OwnerOfDocuments(string database, string container)
    {
        try
        {
            return Container(database, container);
        }
        catch (ServiceException missing) when (missing.Status == 404)
        {
            throw new ServiceException(404, "NotFound", missing.Message, SubStatus.OwnerNotFound);
        }
    }

    public Database CreateDatabase(string id)
    {
        if (!ResourceName.IsValid(id)) throw ServiceException.BadRequest("The input name is invalid: an id is 1 to 255 characters without '/', '\\', '?' and '#'.");
        lock (gate)
        {
            if (databases.ContainsKey(id)) throw ServiceException.Conflict($"Resource with specified id or name already exists: database '{id}'.");
            var database = new Database(nextDatabase++, id, Now);
            databases.Add(id, database);
            journal.DatabaseCreated(database);
            return database;
        }
    }

    public Database DeleteDatabase(string nameOrRid)
    {
        lock (gate)
        {
            var database = Database(nameOrRid);
            databases.Remove(database.Id);
            journal.DatabaseDeleted(database);
            return database;
        }
    }

    public Container CreateContainer(string databaseName, JsonElement json)
    {
        lock (gate)
        {
            var database = Database(databaseName);
            var definition = ContainerDefinition.Parse(json, Now, ++versions);
            if (database.Find(definition.Id) is not null)
                throw ServiceException.Conflict($"Resource with specified id or name already exists: container '{definition.Id}'.");

            var container = new Container(database.Number, database.NextContainer++, definition, rangesPerContainer);
            database.Add(container);
            journal.ContainerCreated(database, container);
            return container;
        }
    }

    public Container ReplaceContainer(string databaseName, string containerName, JsonElement json)
    {
        lock (gate)
        {
            var container = Container(databaseName, containerName);
            var next = ContainerDefinition.Parse(json, Now, ++versions);
            var current = container.Definition;
            if (next.Id != current.Id) throw ServiceException.BadRequest("A container's id cannot be changed.");
            if (!next.PartitionKey.Paths.SequenceEqual(current.PartitionKey.Paths))
                throw ServiceException.BadRequest("Document collection partition key cannot be changed.");
            if (!next.UniqueKeys.SelectMany(key => key.Paths).SequenceEqual(current.UniqueKeys.SelectMany(key => key.Paths)))
                throw ServiceException.BadRequest("The unique key policy of a container cannot be changed.");
            container.Definition = next;
            journal.ContainerReplaced(container);
            return container;
        }
    }

    public Container DeleteContainer(string databaseName, string containerName)
    {
        lock (gate)
        {
            var container = Container(databaseName, containerName);
            Database(databaseName).Remove(container);
            journal.ContainerDeleted(container);
            return container;
        }
    }

    /// <summary>Puts back a database a snapshot recorded.</summary>
    public void Restore(Database database)
    {
        lock (gate)
        {
            databases[database.Id] = database;
            nextDatabase = Math.Max(nextDatabase, database.Number + 1);
        }
    }
}
