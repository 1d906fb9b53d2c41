using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Protocol;

/// <summary>Transactional batches (all or nothing, one LSN) and bulk batches (each operation for itself).</summary>
sealed class BatchEndpoint(Account account)
{
    const int MostOperations = 100;
    const int MostBytes = 2 * 1024 * 1024;

    /// <summary>The body may exceed the limit on what it carries by the rows' own frames.</summary>
    const int FrameBytes = 64 * 1024;

    public async Task<Answer> RunAsync(GatewayRequest request)
    {
        var container = account.OwnerOfDocuments(request.Route.Database!, request.Route.Container!);
        if (request.Body.Length > MostBytes + FrameBytes)
            throw new ServiceException(413, "RequestEntityTooLarge", "Request size is too large: a batch holds at most 2 MB.");
        var operations = await HybridRowBatch.ReadAsync(request.Body, request.Header(Wire.PartitionKey));
        if (operations.Count > MostOperations)
            throw ServiceException.BadRequest($"Batch request has more operations than what is supported: {operations.Count} of at most {MostOperations}.");

        var (outcomes, partition) = request.Kind == OperationKind.TransactionalBatch
            ? Transaction(container, request, operations)
            : Bulk(container, request, operations);
        var body = await HybridRowBatch.WriteAsync(outcomes);
        var failed = outcomes.Any(outcome => outcome.Status >= 400);
        return Answer.Bytes(failed ? 207 : 200, body, outcomes.Sum(outcome => outcome.Charge), operations.Count)
            .WithPlace(container, partition, $"dbs/{request.Route.Database}/colls/{container.Definition.Id}");
    }

    (IReadOnlyList<ItemOutcome> Outcomes, PhysicalPartition Partition) Transaction(Container container, GatewayRequest request, List<ItemOperation> operations) =>
        ScopeResolver.Run(account, container, request, scope =>
        {
            if (!scope.Within.IsPoint) throw ServiceException.BadRequest("A transactional batch is about one whole partition key.");

            var commit = new Commit(scope.Partition, account.Now);
            var outcomes = new List<ItemOutcome>(operations.Count);
            try
            {
                foreach (var operation in operations)
                {
                    var outcome = Try(() => ExecuteIn(container, scope, operation, commit));
                    outcomes.Add(outcome);
                    if (outcome.Status < 400) continue;

                    commit.RollBack();
                    return (AllFailedBy(outcomes.Count - 1, outcome, operations.Count), scope.Partition);
                }
            }
            catch
            {
                // Not a refusal but a bug of ours: it may not leave half a batch behind either.
                commit.RollBack();
                throw;
            }

            Finish(container, commit);
            return ((IReadOnlyList<ItemOutcome>)outcomes, scope.Partition);
        });

    static ItemOutcome ExecuteIn(Container container, Query.QueryScope scope, ItemOperation operation, Commit commit)
    {
        var item = PreparedItem.Prepare(operation, container.Definition.PartitionKey);
        return item.Epk == scope.Within.Min
            ? ItemExecutor.Execute(container, item, commit)
            : throw ServiceException.BadRequest("Every operation of a transactional batch has the batch's partition key.", SubStatus.PartitionKeyMismatch);
    }

    (IReadOnlyList<ItemOutcome> Outcomes, PhysicalPartition Partition) Bulk(Container container, GatewayRequest request, List<ItemOperation> operations) =>
        ScopeResolver.Run(account, container, request, scope =>
        {
            var goesOn = request.Flag(Wire.ContinueOnError);
            var outcomes = new List<ItemOutcome>(operations.Count);
            foreach (var operation in operations)
            {
                if (!goesOn && outcomes is [.., { Status: >= 400 }])
                {
                    outcomes.AddRange(Enumerable.Repeat(Dependent, operations.Count - outcomes.Count));
                    break;
                }

                outcomes.Add(Try(() =>
                {
                    var item = PreparedItem.Prepare(operation, container.Definition.PartitionKey);
                    // The SDK hashed the key to choose the range. That we disagree means a split, or a bug in one of the hashes.
                    if (!scope.Within.Contains(item.Epk)) throw ServiceException.RangeGone(scope.Partition.Id);
                    var commit = new Commit(scope.Partition, account.Now);
                    var outcome = ItemExecutor.Execute(container, item, commit);
                    Finish(container, commit);
                    return outcome;
                }));
            }

            return ((IReadOnlyList<ItemOutcome>)outcomes, scope.Partition);
        });

    static ItemOutcome Dependent { get; } = new(424, 0);

    static ItemOutcome[] AllFailedBy(int index, ItemOutcome cause, int count)
    {
        var all = Enumerable.Repeat(Dependent, count).ToArray();
        all[index] = cause;
        return all;
    }

    static ItemOutcome Try(Func<ItemOutcome> operation)
    {
        try
        {
            return operation();
        }
        catch (ServiceException refused)
        {
            return new ItemOutcome(refused.Status, Cost.RequestCharge.Refused, Message: refused.Message, SubStatus: refused.SubStatus, Code: refused.Code);
        }
    }

    void Finish(Container container, Commit commit)
    {
        commit.Complete();
        if (commit.Writes.Count > 0) account.Journal.Committed(container, commit);
    }
}
