using System.Globalization;
using CertFunctions.Emulation.Storage;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Emulation.Protocol;

/// <summary>
/// The one handler: read the request, check its signature, let a fault have its way, carry it out, count it, answer.
/// </summary>
sealed class Gateway(Account account, Signature signature, FaultPlan faults, RequestCounters counters, ThroughputLimit throughput)
{
    readonly MetadataEndpoints metadata = new(account);
    readonly DocumentEndpoints documents = new(account);
    readonly BatchEndpoint batches = new(account);

    public async Task HandleAsync(HttpContext context)
    {
        var request = await GatewayRequest.ReadAsync(context);
        var activityId = request.Header(Wire.ActivityId) ?? Guid.NewGuid().ToString();
        var (answer, lost) = await AnswerAsync(context, request, activityId);
        counters.Add(NameOf(request), request.Kind, lost || answer.Status >= 400, answer.Charge, answer.Operations);
        if (lost) context.Abort();
        else await answer.SendAsync(context, activityId);
    }

    async Task<(Answer Answer, bool Lost)> AnswerAsync(HttpContext context, GatewayRequest request, string activityId)
    {
        try
        {
            // Direct mode signs these for another resource; what its user needs to hear is not "wrong key".
            if (request.Route.ResourceType == "addresses") throw ServiceException.NotEmulated(UnsupportedPart(request));
            signature.Check(request);
            var fault = faults.Take(request.Facts());
            switch (fault?.Effect)
            {
                case FaultEffect.Refuse refuse:
                    return (Refusal(refuse, activityId), false);
                case FaultEffect.BreakBefore:
                    return (Answer.Empty(503, 0), true);
                case FaultEffect.Delay delay:
                    await Task.Delay(delay.For, context.RequestAborted);
                    break;
                case FaultEffect.Hold:
                    await fault.Released.WaitAsync(context.RequestAborted);
                    break;
            }

            throughput.Check(request);
            var answer = await CarryOutAsync(context, request);
            throughput.Spend(request, answer.Charge);
            return (answer, fault?.Effect is FaultEffect.BreakAfter);
        }
        catch (ServiceException refused)
        {
            var answer = Answer.Error(refused.Status, refused.Code, refused.Message, refused.SubStatus, activityId);
            if (refused.Status == 429) answer.With(Wire.RetryAfter, ThroughputLimit.RetryAfterMilliseconds.ToString(CultureInfo.InvariantCulture));
            return (answer, false);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // A bug of the emulator: whoever meets it should see where.
            return (Answer.Error(500, "InternalServerError", $"The emulator failed: {bug}", 0, activityId), false);
        }
    }

    async Task<Answer> CarryOutAsync(HttpContext context, GatewayRequest request) => request.Kind switch
    {
        OperationKind.Account => AccountEndpoint.Read($"http://{context.Request.Host}/"),
        OperationKind.Database => metadata.Databases(request),
        OperationKind.Container => metadata.Containers(request),
        OperationKind.PartitionKeyRanges => metadata.Ranges(request),
        OperationKind.CreateDocument => documents.Point(request, ItemVerb.Create),
        OperationKind.ReadDocument => documents.Point(request, ItemVerb.Read),
        OperationKind.ReplaceDocument => documents.Point(request, ItemVerb.Replace),
        OperationKind.UpsertDocument => documents.Point(request, ItemVerb.Upsert),
        OperationKind.DeleteDocument => documents.Point(request, ItemVerb.Delete),
        OperationKind.TransactionalBatch or OperationKind.BulkBatch => await batches.RunAsync(request),
        OperationKind.Query => documents.Query(request),
        OperationKind.QueryPlan => documents.Plan(request),
        OperationKind.ReadFeed => documents.ReadFeed(request),
        OperationKind.ChangeFeed => documents.ChangeFeed(request),
        _ => throw ServiceException.NotEmulated(UnsupportedPart(request)),
    };

    /// <summary>Names the feature behind a path, where the path alone would puzzle.</summary>
    static string UnsupportedPart(GatewayRequest request) => request.Route.ResourceType switch
    {
        "addresses" => "direct connections: set ConnectionMode.Gateway in the client's options",
        "offers" => "reading or replacing throughput",
        "sprocs" or "triggers" or "udfs" => "stored procedures, triggers and user-defined functions",
        "users" or "permissions" => "users and permissions",
        "docs" when request.Method == "PATCH" => "patch",
        _ => $"{request.Method} on '{request.Route.Path}'",
    };

    static Answer Refusal(FaultEffect.Refuse refuse, string activityId)
    {
        var code = refuse.Status switch
        {
            408 => "RequestTimeout",
            429 => "TooManyRequests",
            449 => "RetryWith",
            503 => "ServiceUnavailable",
            _ => "InjectedFault",
        };
        var answer = Answer.Error(refuse.Status, code, "A fault injected into the emulator.", refuse.SubStatus, activityId);
        if (refuse.RetryAfter is { } wait) answer.With(Wire.RetryAfter, ((long)wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        return answer;
    }

    /// <summary>Counters go by name, and the SDK asks for ranges by resource id.</summary>
    string? NameOf(GatewayRequest request)
    {
        if (request.Route.Container is not { } container) return null;
        try
        {
            return account.Container(request.Route.Database!, container).Definition.Id;
        }
        catch (ServiceException)
        {
            return container;
        }
    }
}
