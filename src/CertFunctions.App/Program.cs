using CertFunctions.App.Archive;
using CertFunctions.App.Siem;
using CertFunctions.App.Telemetry;
using CertFunctions.Core.Publishing;
using CertFunctions.Cosmos;
using CertFunctions.Http.Hosting;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();

// Refused here, with what to do about it, rather than at the first event.
var settings = HostSettings.Read(builder.Configuration);
builder.Services
    .AddCertFunctions(settings)
    .AddCosmos(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase, Policies = settings.Expiry, ProvisionAtStart = settings.IsOnThisMachine })
    .AddArchive(settings.Archive, BlobContainer.Connect)
    .AddEventHub(settings.EventHub, EventHub.Connect)
    .AddTelemetry(settings);

var app = builder.Build();
// One question to the store before the first trigger: a record written under other keys, or into other containers, must not go on. It warms the client as well.
await app.Services.GetRequiredService<CosmosStore>().CheckAsync(settings.LedgerKeys, app.Services.GetRequiredService<LogKeys>(), CancellationToken.None);
await app.RunAsync();
