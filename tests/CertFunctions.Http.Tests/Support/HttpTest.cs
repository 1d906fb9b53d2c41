using CertFunctions.Sqlite;

namespace CertFunctions.Http.Tests.Support;

/// <summary>A test with a service of its own. At its end the service must not have logged a fault.</summary>
public abstract class HttpTest : IAsyncLifetime
{
    private protected HttpService Service { get; private set; } = null!;

    /// <summary>How the store is kept where a test wants it another way.</summary>
    protected virtual SqliteOptions Configure(SqliteOptions options) => options;

    public async Task InitializeAsync() => Service = await HttpService.StartAsync(Configure);

    public async Task DisposeAsync()
    {
        await Service.DisposeAsync();
        Assert.True(Service.Log.Faults.Count == 0, string.Join(Environment.NewLine, Service.Log.Faults.Take(3)));
    }
}
