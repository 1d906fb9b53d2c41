using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.Cosmos;

/// <summary>The stores on Cosmos DB, and the handlers behind its feeds, for a host that composes itself from services.</summary>
public static class CosmosServices
{
    /// <summary>
    /// Adds them, over one client that is made when first asked for. Beside them a host needs what <see cref="ChainFeed"/> and <see cref="ForwardFeed"/> hand on to,
    /// and a <see cref="TimeProvider"/>.
    /// </summary>
    public static IServiceCollection AddCosmos(this IServiceCollection services, CosmosSettings settings) => services
        .AddSingleton(s => CosmosStore.Of(settings, s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Events)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Certificates)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Ledger)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Leases)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Positions)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Quarantine)
        .AddSingleton(s => s.GetRequiredService<CosmosStore>().Feed)
        .AddSingleton<ChainFeed>()
        .AddSingleton<ForwardFeed>();
}
