using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Http.Access;
using Microsoft.Extensions.Configuration;

namespace CertFunctions.Http.Hosting;

/// <summary>
/// What the service is told from outside, read once and checked at the start. Names are those of <see cref="Settings"/>; a start with settings that cannot be
/// used ends with a <see cref="SettingsException"/> that names each of them and how to mend it.
/// </summary>
public sealed record HostSettings
{
    /// <summary>A connection string, or an account's endpoint to enter with the process's identity.</summary>
    public required string Cosmos { get; init; }

    public required string CosmosDatabase { get; init; }

    /// <summary>Whether <see cref="Cosmos"/> is an emulator on this machine.</summary>
    public bool IsOnThisMachine => SampleKeys.IsThisMachine(Cosmos);

    /// <summary>The hub every chained entry goes to; null for none.</summary>
    public required EventHubSettings? EventHub { get; init; }

    public required ArchiveSettings Archive { get; init; }

    /// <summary>The name that checkpoints carry.</summary>
    public required LogName LogName { get; init; }

    public required LedgerKeys LedgerKeys { get; init; }

    /// <summary>The log's ECDSA P-256 private keys, PKCS#8, oldest first. The newest comes into force by an entry of the log.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> SigningKeys { get; init; }

    /// <summary>Keys before those, whose signatures still count.</summary>
    public required IReadOnlyList<VerifierKey> EarlierLogKeys { get; init; }

    public required ReadOnlyMemory<byte> CursorKey { get; init; }

    public required ApiKeys ApiKeys { get; init; }

    /// <summary>The org that the service's own events belong to.</summary>
    public required OrgId OperatorOrg { get; init; }

    /// <summary>When it is said that a certificate ends.</summary>
    public required ExpiryPolicies Expiry { get; init; }

    /// <summary>Whether traces and metrics go to Application Insights.</summary>
    public required bool ApplicationInsights { get; init; }

    /// <summary>Whether they go to an OTLP collector.</summary>
    public required bool Otlp { get; init; }

    /// <summary>The share of traces that are kept, where the caller did not decide.</summary>
    public required double TraceSampleRatio { get; init; }

    public static HostSettings Read(IConfiguration configuration)
    {
        var from = new SettingsReader(configuration);
        var keys = ReadLedgerKeys(from);
        var callers = ReadCallers(from);
        var (earlier, signing) = ReadSigningKeys(from);
        var cursor = from.Secret(Settings.CursorKey);
        var operatorOrg = from.Required(Settings.OperatorOrg, t => OrgId.TryParse(t, out var org) ? (OrgId?)org : null);
        var cosmos = from.Optional(Settings.CosmosConnection) ?? from.Optional(Settings.CosmosEndpoint);
        if (cosmos is null)
            from.Add($"{Settings.CosmosEndpoint.Name}: is missing: write {Settings.CosmosEndpoint.Mend}, or a connection string as {Settings.CosmosConnection.Name}");
        var database = from.Required(Settings.CosmosDatabase);
        var (chain, forward) = (from.Required(Settings.ChainLeasePrefix), from.Required(Settings.ForwardLeasePrefix));
        if (chain.Length > 0 && chain == forward)
            from.Refuse(Settings.ForwardLeasePrefix, $"is the same as {Settings.ChainLeasePrefix.Name}, and each trigger would take the other's leases");
        foreach (var schedule in new[] { Settings.ReconcileSchedule, Settings.ForwardSchedule, Settings.SweepSchedule, Settings.CheckpointSchedule, Settings.InclusionSchedule, Settings.SelfCheckSchedule, Settings.CheckLedgerSchedule })
            from.Required(schedule, IsSchedule);
        var settings = (
            EventHub: EventHubSettings.Read(from), Archive: ArchiveSettings.Read(from), Origin: from.Required(Settings.LogOrigin, t => LogName.TryParse(t, out var name) ? (LogName?)name : null),
            Thresholds: from.Required(Settings.ExpiryThresholdDays, Thresholds), Insights: from.Optional(Settings.ApplicationInsights), Otlp: from.Optional(Settings.OtlpEndpoint));
        var ratio = from.Required(Settings.TraceSampleRatio, t => double.TryParse(t, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var r) && r <= 1 ? (double?)r : null);
        if (cosmos is not null && !SampleKeys.IsThisMachine(cosmos))
            RefuseSamples(from, keys, signing, cursor, callers);

        if (from.Problems.Count > 0)
            throw new SettingsException(from.Problems);
        return new HostSettings
        {
            Cosmos = cosmos!,
            CosmosDatabase = database,
            EventHub = settings.EventHub,
            Archive = settings.Archive!,
            LogName = settings.Origin!.Value,
            LedgerKeys = new LedgerKeys(keys.Current, keys.ById),
            SigningKeys = signing,
            EarlierLogKeys = earlier,
            CursorKey = cursor,
            ApiKeys = new ApiKeys(callers),
            OperatorOrg = operatorOrg!.Value,
            Expiry = new ExpiryPolicies(settings.Thresholds!),
            ApplicationInsights = settings.Insights is not null,
            Otlp = settings.Otlp is not null,
            TraceSampleRatio = ratio!.Value,
        };
    }

    static (string Current, Dictionary<string, byte[]> ById) ReadLedgerKeys(SettingsReader from)
    {
        var keys = new Dictionary<string, byte[]>();
        var count = from.Count(Settings.HmacKeysId);
        if (count == 0)
            from.Refuse(Settings.HmacKeysId, "is missing");
        for (var item = 0; item < count; item++)
        {
            var id = from.Required(Settings.HmacKeysId.At(item), t => OrgId.TryParse(t, out _) && t.Length <= 32 && !t.StartsWith("signing-", StringComparison.Ordinal) ? t : null);
            if (id is not null && !keys.TryAdd(id, from.Secret(Settings.HmacKeysKey.At(item))))
                from.Refuse(Settings.HmacKeysId.At(item), "is there a second time");
        }

        var current = from.Required(Settings.HmacKeyId);
        if (current.Length > 0 && keys.Count > 0 && !keys.ContainsKey(current))
            from.Refuse(Settings.HmacKeyId, "names no key that is there");
        return (current, keys);
    }

    static Dictionary<string, Caller> ReadCallers(SettingsReader from)
    {
        var callers = new Dictionary<string, Caller>();
        var count = from.Count(Settings.ApiKeysHash);
        if (count == 0)
            from.Refuse(Settings.ApiKeysHash, "is missing, and nobody could call");
        for (var item = 0; item < count; item++)
        {
            var hash = from.Required(Settings.ApiKeysHash.At(item), t => t.Length == 64 && t.All(char.IsAsciiHexDigit) ? t.ToLowerInvariant() : null);
            var org = from.Required(Settings.ApiKeysOrg.At(item), t => OrgId.TryParse(t, out var id) ? (OrgId?)id : null);
            var projects = from.Required(Settings.ApiKeysProjects.At(item), Projects);
            var access = from.Required(Settings.ApiKeysAccess.At(item), AccessOf);
            var id = from.Required(Settings.ApiKeysId.At(item));
            if (hash is null || org is null || projects is null || access is null)
                continue;
            if (!callers.TryAdd(hash, new Caller(id, org.Value, projects.Count == 0 ? null : projects, access.Value)))
                from.Refuse(Settings.ApiKeysHash.At(item), "is there a second time");
        }

        return callers;
    }

    static void RefuseSamples(SettingsReader from, (string Current, Dictionary<string, byte[]> ById) keys, List<ReadOnlyMemory<byte>> signing, byte[] cursor, Dictionary<string, Caller> callers)
    {
        const string Sample = "is the sample's, which everyone knows";
        if (keys.ById.Values.Any(k => SampleKeys.IsSample(k)))
            from.Refuse(Settings.HmacKeysKey, Sample);
        if (signing.Exists(SampleKeys.IsSamplePrivateKey))
            from.Refuse(Settings.SigningKeysKey, Sample);
        if (SampleKeys.IsSample(cursor))
            from.Refuse(Settings.CursorKey, Sample);
        if (callers.Keys.Any(SampleKeys.IsSampleHash))
            from.Refuse(Settings.ApiKeysHash, Sample);
    }

    /// <summary>The projects named, none of them for <c>*</c>; null where one is not a project's name.</summary>
    static HashSet<string>? Projects(string text)
    {
        if (text == "*")
            return [];
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        return names.All(n => ProjectId.TryParse(n, out _)) ? [.. names] : null;
    }

    static Access.Access? AccessOf(string text)
    {
        var access = Access.Access.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!name.All(char.IsAsciiLetter) || !Enum.TryParse<Access.Access>(name, ignoreCase: true, out var one) || one == Access.Access.None)
                return null;
            access |= one;
        }

        return access;
    }

    /// <summary>Six fields. What stands in them the Functions host reads, and refuses at its start.</summary>
    static string? IsSchedule(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6 ? text : null;

    /// <summary>First those of which only the public half is there, then the private ones, at least one.</summary>
    static (List<VerifierKey> Earlier, List<ReadOnlyMemory<byte>> Held) ReadSigningKeys(SettingsReader from)
    {
        var (earlier, held, seen) = (new List<VerifierKey>(), new List<ReadOnlyMemory<byte>>(), new HashSet<string>());
        var count = from.Count(Settings.SigningKeysKey);
        if (count == 0)
            from.Refuse(Settings.SigningKeysKey, "is missing");
        for (var item = 0; item < count; item++)
        {
            var setting = Settings.SigningKeysKey.At(item);
            if (from.Required(setting, SigningKey.Read) is not { } key)
                continue;
            if (!seen.Add(key.Public))
                from.Refuse(setting, "is there a second time");
            else if (key.Private is { } secret)
                held.Add(secret);
            else if (held.Count > 0 || item == count - 1)
                from.Refuse(setting, "has only the public half of a key that must sign, or follows one that has both");
            else
                earlier.Add(key.Verifier!);
        }

        return (earlier, held);
    }

    static ExpiryPolicy? Thresholds(string text)
    {
        var days = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var day) || (days.Count > 0 && day >= days[^1]))
                return null;
            days.Add(day);
        }

        return ExpiryPolicy.Of(days, ExpiryPolicy.Default.Share, out _);
    }
}
