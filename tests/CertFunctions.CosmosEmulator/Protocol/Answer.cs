using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Storage;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Emulation.Protocol;

/// <summary>One answer, before it is sent.</summary>
sealed class Answer(int status, ReadOnlyMemory<byte> body = default)
{
    readonly List<(string Name, string Value)> headers = [];

    public int Status => status;

    public double Charge { get; private init; }

    /// <summary>Operations inside a batch, for the counters.</summary>
    public int Operations { get; private init; }

    public static Answer Json(int status, Action<Utf8JsonWriter> write, double charge, int operations = 0) =>
        new(status, JsonText.Write(write)) { Charge = charge, Operations = operations };

    public static Answer Bytes(int status, ReadOnlyMemory<byte> body, double charge, int operations = 0) =>
        new(status, body) { Charge = charge, Operations = operations };

    public static Answer Empty(int status, double charge) => new(status) { Charge = charge };

    public static Answer Error(int status, string code, string message, int subStatus, string activityId) =>
        Json(
            status,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("code", code);
                writer.WriteString("message", $"{message}\r\nActivityId: {activityId}");
                writer.WriteEndObject();
            },
            Cost.RequestCharge.Refused).With(Wire.SubStatus, subStatus.ToString(CultureInfo.InvariantCulture));

    public Answer With(string name, string value)
    {
        headers.Add((name, value));
        return this;
    }

    public Answer WithPlace(Container container, PhysicalPartition partition, string containerPath) => this
        .With(Wire.SessionToken, Storage.SessionToken.Of(partition))
        .With(Wire.PartitionKeyRangeId, partition.Id)
        .With(Wire.Lsn, partition.Lsn.ToString(CultureInfo.InvariantCulture))
        .With(Wire.AltContentPath, containerPath)
        .With(Wire.ContentPath, container.Rid);

    public async Task SendAsync(HttpContext context, string activityId)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.Headers[Wire.ActivityId] = activityId;
        response.Headers[Wire.RequestCharge] = Charge.ToString("0.##", CultureInfo.InvariantCulture);
        response.Headers["x-ms-schemaversion"] = "1.19";
        response.Headers["x-ms-serviceversion"] = "version=2.14.0.0";
        response.Headers["x-ms-gatewayversion"] = "version=2.14.0";
        foreach (var (name, value) in headers) response.Headers[name] = value;

        // A 204 or 304 may not have a body.
        if (status is 204 or 304) return;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body);
    }
}
