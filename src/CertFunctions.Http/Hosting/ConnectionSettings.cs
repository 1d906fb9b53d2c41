using CertFunctions.Core.Publishing.Blobs;
using CertFunctions.Core.Siem.EventHubs;

namespace CertFunctions.Http.Hosting;

/// <summary>The hub that chained entries go to. One of <paramref name="ConnectionString"/> and <paramref name="FullyQualifiedNamespace"/> is there; the latter is entered with the process's identity.</summary>
public sealed record EventHubSettings(string? ConnectionString, string? FullyQualifiedNamespace, string Name, EventHubEnvelope Envelope)
{
    internal static EventHubSettings? Read(SettingsReader from)
    {
        var connection = from.Optional(Settings.EventHubsConnection);
        var host = connection is null ? from.Optional(Settings.EventHubsNamespace) : null;
        var name = from.Required(Settings.EventHubName);
        var envelope = from.Required(Settings.EventHubEnvelope, ParseEnvelope);
        if (connection is null && host is null)
            return null;
        if (connection is not null && (!connection.Contains("Endpoint=sb://", StringComparison.OrdinalIgnoreCase) || !connection.Contains("SharedAccessKey=", StringComparison.OrdinalIgnoreCase)))
            from.Refuse(Settings.EventHubsConnection, "is not a connection string");
        if (host is not null && Uri.CheckHostName(host) != UriHostNameType.Dns)
            from.Refuse(Settings.EventHubsNamespace, "is not a host name");
        return new EventHubSettings(connection, host, name, envelope ?? default);
    }

    static EventHubEnvelope? ParseEnvelope(string text) => text switch
    {
        "packed" => EventHubEnvelope.Packed,
        "one" => EventHubEnvelope.One,
        "records" => EventHubEnvelope.Records,
        _ => null,
    };
}

/// <summary>The container of checkpoints and tiles. One of <paramref name="ConnectionString"/> and <paramref name="BlobService"/> is there; the latter is entered with the process's identity.</summary>
public sealed record ArchiveSettings(string? ConnectionString, Uri? BlobService, string Container)
{
    internal static ArchiveSettings? Read(SettingsReader from)
    {
        var container = from.Required(Settings.ArchiveContainer, ContainerName);
        if (from.Optional(Settings.ArchiveConnection) is { } connection)
        {
            if (!IsConnection(connection))
                from.Refuse(Settings.ArchiveConnection, "is not a connection string");
            return new ArchiveSettings(connection, null, container ?? "");
        }

        var endpoint = from.Required(Settings.ArchiveEndpoint, t => Uri.TryCreate(t, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri : null);
        return new ArchiveSettings(null, endpoint, container ?? "");
    }

    static bool IsConnection(string text)
    {
        try
        {
            BlobAccount.Of(text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>As Azure Storage names containers: 3 to 63 of a-z, 0-9 and single hyphens inside.</summary>
    static string? ContainerName(string text) =>
        text.Length is >= 3 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        && text[0] != '-' && text[^1] != '-' && !text.Contains("--", StringComparison.Ordinal) ? text : null;
}
