namespace CertFunctions.Http.Hosting;

/// <summary>Where a setting has its place.</summary>
[Flags]
public enum SettingPlace
{
    /// <summary>On a developer's machine: <c>local.settings.sample.json</c> has it.</summary>
    Local = 1,

    /// <summary>In Azure: the infrastructure's templates set it.</summary>
    Cloud = 2,

    Both = Local | Cloud,
}

/// <summary>One setting, by the name it has as an environment variable. <paramref name="Mend"/> completes "write …" in the error about it.</summary>
public sealed record Setting(string Name, SettingPlace Place, string Mend)
{
    /// <summary>The name as <see cref="Microsoft.Extensions.Configuration.IConfiguration"/> has it.</summary>
    public string Key => Name.Replace("__", ":", StringComparison.Ordinal);

    /// <summary>The same setting of the item number <paramref name="item"/> of a list; the catalogue names item 0.</summary>
    public Setting At(int item) => this with { Name = Name.Replace("__0__", $"__{item}__", StringComparison.Ordinal) };
}

/// <summary>
/// Every setting there is, and no other is read: what <see cref="HostSettings"/> takes, and what the platform takes for itself. The sample, the templates and
/// the triggers' <c>%Names%</c> are held to this list by a test.
/// </summary>
public static class Settings
{
    // The record. Triggers and stores enter by the same names: a connection string, or an endpoint with an identity.
    public static readonly Setting CosmosConnection = new("Cosmos", SettingPlace.Local, "the connection string of an emulator or account, AccountEndpoint=…;AccountKey=…;, or leave it out and write Cosmos__accountEndpoint");
    public static readonly Setting CosmosEndpoint = new("Cosmos__accountEndpoint", SettingPlace.Cloud, "the account's endpoint, https://NAME.documents.azure.com:443/");
    public static readonly Setting CosmosDatabase = new("CosmosDatabase", SettingPlace.Both, "the name of a provisioned database, such as certfunctions");
    public static readonly Setting ChainLeasePrefix = new("ChainLeasePrefix", SettingPlace.Both, "a prefix for the leases of the trigger on events, such as chain-; another one goes over the whole feed again, which changes nothing");
    public static readonly Setting ForwardLeasePrefix = new("ForwardLeasePrefix", SettingPlace.Both, "a prefix for the leases of the trigger on the ledger, such as forward-, unlike the other's");

    // The SIEM.
    public static readonly Setting EventHubsConnection = new("EventHubs", SettingPlace.Local, "a namespace's connection string, Endpoint=sb://…, or nothing to forward to no hub");
    public static readonly Setting EventHubsNamespace = new("EventHubs__fullyQualifiedNamespace", SettingPlace.Cloud, "the namespace's host name, NAME.servicebus.windows.net");
    public static readonly Setting EventHubName = new("EventHubName", SettingPlace.Both, "the hub's name, such as ledger");
    public static readonly Setting EventHubEnvelope = new("EventHubEnvelope", SettingPlace.Both, "one of packed, one and records: see docs/siem.md");

    // The archive of checkpoints and tiles.
    public static readonly Setting ArchiveConnection = new("Archive", SettingPlace.Local, "a storage account's connection string, such as UseDevelopmentStorage=true for Azurite, or leave it out and write Archive__blobServiceUri");
    public static readonly Setting ArchiveEndpoint = new("Archive__blobServiceUri", SettingPlace.Cloud, "the blob endpoint, https://NAME.blob.core.windows.net");
    public static readonly Setting ArchiveContainer = new("ArchiveContainer", SettingPlace.Both, "the name of the container, such as ledger");
    public static readonly Setting LogOrigin = new("LogOrigin", SettingPlace.Both, $"the name that checkpoints carry, kept for ever: {CertFunctions.Core.Publishing.LogName.Grammar}");

    // Keys. In Azure each is a reference to a Key Vault secret.
    public static readonly Setting HmacKeyId = new("HmacKeyId", SettingPlace.Both, "the id of the MAC key in force, one of HmacKeys__N__Id");
    public static readonly Setting HmacKeysId = new("HmacKeys__0__Id", SettingPlace.Both, "the id of a MAC key, 1 to 32 of A-Z a-z 0-9 . _ - and not beginning with signing-, such as hmac-1");
    public static readonly Setting HmacKeysKey = new("HmacKeys__0__Key", SettingPlace.Both, "32 random bytes or more, as hex or base64, such as from openssl rand -base64 32");
    public static readonly Setting SigningKeysKey = new("SigningKeys__0__Key", SettingPlace.Both, "the log's signing keys, oldest first, the newest last: each an ECDSA P-256 private key as PKCS#8, in PEM or the base64 of its DER, such as from openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256; of one that gave way the verifier key (NAME+ID+KEY) will do");
    public static readonly Setting CursorKey = new("CursorKey", SettingPlace.Both, "32 random bytes or more, as hex or base64, such as from openssl rand -base64 32");

    // Who may call, by number.
    public static readonly Setting ApiKeysId = new("ApiKeys__0__Id", SettingPlace.Both, "what the credential is called in the log, such as issuing-service");
    public static readonly Setting ApiKeysHash = new("ApiKeys__0__Hash", SettingPlace.Both, "the SHA-256 of the key as 64 lower-case hex digits, such as from printf %s KEY | sha256sum");
    public static readonly Setting ApiKeysOrg = new("ApiKeys__0__Org", SettingPlace.Both, "the org the key belongs to, 1 to 64 of A-Z a-z 0-9 . _ -");
    public static readonly Setting ApiKeysProjects = new("ApiKeys__0__Projects", SettingPlace.Both, "the projects it is for, separated by commas, or * for all of the org");
    public static readonly Setting ApiKeysAccess = new("ApiKeys__0__Access", SettingPlace.Both, "what it may, separated by commas: ingest, read, audit, operate, or all");
    public static readonly Setting OperatorOrg = new("OperatorOrg", SettingPlace.Both, "the org that the service's own events belong to, 1 to 64 of A-Z a-z 0-9 . _ -");

    // Timers: six fields, seconds first.
    public static readonly Setting ReconcileSchedule = Schedule("ReconcileSchedule", "0 */5 * * * *");
    public static readonly Setting ForwardSchedule = Schedule("ForwardSchedule", "30 * * * * *");
    public static readonly Setting SweepSchedule = Schedule("SweepSchedule", "0 0 * * * *");
    public static readonly Setting CheckpointSchedule = Schedule("CheckpointSchedule", "0 * * * * *");
    public static readonly Setting InclusionSchedule = Schedule("InclusionSchedule", "15 * * * * *");
    public static readonly Setting SelfCheckSchedule = Schedule("SelfCheckSchedule", "0 */10 * * * *");
    public static readonly Setting CheckLedgerSchedule = Schedule("CheckLedgerSchedule", "0 5/10 * * * *");
    public static readonly Setting ExpiryThresholdDays = new("ExpiryThresholdDays", SettingPlace.Both, "whole days before the end, separated by commas, the largest first, such as 30,14,7,3,1");

    // Telemetry. OpenTelemetry and the Functions host read these by the names they gave them.
    public static readonly Setting ApplicationInsights = new("APPLICATIONINSIGHTS_CONNECTION_STRING", SettingPlace.Both, "the connection string of Application Insights, InstrumentationKey=…, or nothing");
    public static readonly Setting OtlpEndpoint = new("OTEL_EXPORTER_OTLP_ENDPOINT", SettingPlace.Both, "the address of an OTLP collector, such as http://127.0.0.1:4317, or nothing");

    public static readonly Setting TraceSampleRatio = new("TraceSampleRatio", SettingPlace.Both, "the share of traces that are kept where the caller did not decide, from 0 to 1, such as 0.05");

    public static IReadOnlyList<Setting> All { get; } =
    [
        CosmosConnection, CosmosEndpoint, CosmosDatabase, ChainLeasePrefix, ForwardLeasePrefix,
        EventHubsConnection, EventHubsNamespace, EventHubName, EventHubEnvelope,
        ArchiveConnection, ArchiveEndpoint, ArchiveContainer, LogOrigin,
        HmacKeyId, HmacKeysId, HmacKeysKey, SigningKeysKey, CursorKey,
        ApiKeysId, ApiKeysHash, ApiKeysOrg, ApiKeysProjects, ApiKeysAccess, OperatorOrg,
        ReconcileSchedule, ForwardSchedule, SweepSchedule, CheckpointSchedule, InclusionSchedule, SelfCheckSchedule, CheckLedgerSchedule, ExpiryThresholdDays,
        ApplicationInsights, OtlpEndpoint, TraceSampleRatio,

        // Read by the platform, the triggers and the SDKs, not by us.
        new("AzureWebJobsStorage", SettingPlace.Local, "the storage of the Functions host, UseDevelopmentStorage=true for Azurite"),
        new("AzureWebJobsStorage__accountName", SettingPlace.Cloud, "the storage account of the Functions host"),
        new("AzureWebJobsStorage__credential", SettingPlace.Cloud, "managedidentity"),
        new("AzureWebJobsStorage__clientId", SettingPlace.Cloud, "the client id of the app's identity"),
        new("Cosmos__credential", SettingPlace.Cloud, "managedidentity"),
        new("Cosmos__clientId", SettingPlace.Cloud, "the client id of the app's identity"),
        // Flex Consumption has the runtime in the app's configuration, and refuses this one.
        new("FUNCTIONS_WORKER_RUNTIME", SettingPlace.Local, "dotnet-isolated"),
        new("AZURE_CLIENT_ID", SettingPlace.Cloud, "the client id of the app's identity, for the SDKs' own credential"),
        new("AZURE_TOKEN_CREDENTIALS", SettingPlace.Cloud, "ManagedIdentityCredential, so that no other kind is tried first"),
        new("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", SettingPlace.Cloud, "ClientId=…;Authorization=AAD"),
    ];

    static Setting Schedule(string name, string example) => new(name, SettingPlace.Both, $"when it runs, as six fields from second to day of week, such as {example}");
}
