using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation;

/// <summary>
/// Answers 429 once a container has spent its request units of the current second. Off unless the options set a limit;
/// the limit is per container, not per range, and what is spent is known only afterwards, as in the service.
/// </summary>
sealed class ThroughputLimit(double? requestUnitsPerSecond, TimeProvider clock)
{
    public const int RetryAfterMilliseconds = 100;

    readonly Lock gate = new();
    readonly Dictionary<string, (long Second, double Spent)> spending = new(StringComparer.Ordinal);

    public void Check(GatewayRequest request)
    {
        if (requestUnitsPerSecond is not { } limit || !Counts(request)) return;
        lock (gate)
            if (spending.TryGetValue(request.Route.Container!, out var spent) && spent.Second == Second && spent.Spent >= limit)
                throw new ServiceException(429, "TooManyRequests", "The request rate is too large. Please retry after sometime. Learn more: http://aka.ms/cosmosdb-error-429", SubStatus.RequestRateTooLarge);
    }

    public void Spend(GatewayRequest request, double charge)
    {
        if (requestUnitsPerSecond is null || !Counts(request)) return;
        lock (gate)
        {
            var spent = spending.GetValueOrDefault(request.Route.Container!);
            spending[request.Route.Container!] = spent.Second == Second ? (Second, spent.Spent + charge) : (Second, charge);
        }
    }

    long Second => clock.GetUtcNow().ToUnixTimeSeconds();

    static bool Counts(GatewayRequest request) => request.Kind is >= OperationKind.CreateDocument and not OperationKind.Unsupported;
}
