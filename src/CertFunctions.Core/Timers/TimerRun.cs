using System.Buffers;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Timers;

/// <summary>A run of a timed job, as it is remembered.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Began">When it began, by the clock of the process that ran it.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Error">What stopped it, cut short; null where it came to its end.</param>
public sealed record TimerRun(string Job, DateTimeOffset Began, TimeSpan Took, string? Error)
{
    const int LongestError = 500;

    /// <summary>Whether it came to its end.</summary>
    public bool Succeeded => Error is null;

    /// <summary>Where a job's last run is kept among the readers' positions.</summary>
    public static string PositionOf(string job) => $"timer/{job}";

    internal string Print()
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("began"u8, Rfc3339.Format(Began));
            json.WriteNumber("took_ms"u8, Math.Round(Took.TotalMilliseconds, 3));
            if (Error is not null)
                json.WriteString("error"u8, Error.Length <= LongestError ? Error : Error[..LongestError]);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>The run that was printed; null for what is none. A job whose record cannot be read counts as one that never ran.</summary>
    internal static TimerRun? Read(string job, string? text)
    {
        if (text is null)
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            return Rfc3339.TryParse(root.GetProperty("began"u8).GetString(), out var began)
                ? new TimerRun(job, began, TimeSpan.FromMilliseconds(root.GetProperty("took_ms"u8).GetDouble()), root.TryGetProperty("error"u8, out var error) ? error.GetString() : null)
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
