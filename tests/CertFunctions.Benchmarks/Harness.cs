using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace CertFunctions.Benchmarks;

/// <summary>A bar on a ratio: the least, or the most, it may be.</summary>
sealed record Bar(double Value, bool AtLeast)
{
    public static Bar Least(double value) => new(value, AtLeast: true);

    public static Bar Most(double value) => new(value, AtLeast: false);

    public bool Holds(double measured) => AtLeast ? measured >= Value : measured <= Value;
}

/// <summary>How a figure is printed.</summary>
enum Unit
{
    PerSecond,
    Microseconds,
    Megabytes,
    Seconds,
}

/// <summary>
/// One line of the outcome: a figure, where there is one the limit it is held against, their ratio with the range that the middle half of the rounds' own
/// ratios lie in, and the bar. Without a limit the bar is on the figure itself.
/// </summary>
sealed record Row(string Benchmark, string Case, Unit Unit, double Subject)
{
    public string? LimitName { get; init; }

    public double? Limit { get; init; }

    public double? Low { get; init; }

    public double? High { get; init; }

    public Bar? Bar { get; init; }

    public string? Note { get; init; }

    public double? Ratio => Limit is { } limit ? Subject / limit : null;

    public bool? Held => Bar?.Holds(Ratio ?? Subject);

    /// <summary>Whether the rounds disagree so much over the bar that this run cannot tell.</summary>
    public bool Unclear => Bar is { } bar && Low is { } low && High is { } high && bar.Holds(low) != bar.Holds(high);
}

/// <summary>
/// Measures a subject and its limit in turns (A, B, A, B, …) in one run, so that whatever else the machine does meets both alike. What counts is
/// the ratio of the medians; the spread of the rounds' own ratios tells how far to believe it.
/// </summary>
static class Interleave
{
    public static async Task<Row> MeasureAsync(Row row, int rounds, Func<Task<double>> subject, Func<Task<double>> limit)
    {
        var rows = await MeasureAsync([row], rounds, async () => [await subject()], async () => [await limit()]);
        return rows[0];
    }

    /// <summary>Several figures from each turn, a row for each. One round more is run first and thrown away: it warms both up.</summary>
    public static async Task<IReadOnlyList<Row>> MeasureAsync(IReadOnlyList<Row> rows, int rounds, Func<Task<double[]>> subject, Func<Task<double[]>> limit)
    {
        List<double[]> subjects = [], limits = [];
        for (var round = 0; round <= rounds; round++)
        {
            var (a, b) = (await subject(), await limit());
            if (round == 0)
                continue;
            subjects.Add(a);
            limits.Add(b);
        }

        return
        [
            .. rows.Select((row, i) => row with
            {
                Subject = Median(subjects.Select(s => s[i])),
                Limit = Median(limits.Select(l => l[i])),
                Low = Ratios(i)[rounds / 4],
                High = Ratios(i)[^(rounds / 4 + 1)],
            }),
        ];

        List<double> Ratios(int i) => [.. subjects.Zip(limits, (s, l) => s[i] / l[i]).Order()];
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>
    /// Things per second by the clock, and by processor time: the latter is what one core does, whoever else wants the core meanwhile, of work that
    /// waits for nothing. What was made outside the clock, thousands of events often, is collected before it starts: to promote and sweep that is no part of the act.
    /// </summary>
    public static async Task<(double ByClock, double ByCore)> RateAsync(long count, Func<Task> act)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var self = Process.GetCurrentProcess();
        var (started, before) = (Stopwatch.GetTimestamp(), self.TotalProcessorTime);
        await act();
        var clock = Stopwatch.GetElapsedTime(started).TotalSeconds;
        self.Refresh();
        return (count / clock, count / (self.TotalProcessorTime - before).TotalSeconds);
    }

    public static (double ByClock, double ByCore) Rate(long count, Action act) => RateAsync(count, () =>
    {
        act();
        return Task.CompletedTask;
    }).GetAwaiter().GetResult();
}

/// <summary>The rows as a table, for a terminal or for a page.</summary>
static class Table
{
    static readonly string[] Titles = ["benchmark", "case", "measured", "limit", "ratio", "middle half", "bar", "", "note"];

    public static string Print(IReadOnlyList<Row> rows, bool markdown)
    {
        List<string[]> cells = [Titles, .. rows.Select(Cells)];
        var output = new StringBuilder();
        var widths = Titles.Select((_, i) => cells.Max(c => c[i].Length)).ToArray();
        for (var line = 0; line < cells.Count; line++)
        {
            output.AppendLine(markdown ? $"| {string.Join(" | ", cells[line])} |" : string.Join("  ", cells[line].Select((c, i) => c.PadRight(widths[i]))).TrimEnd());
            if (line == 0)
                output.AppendLine(markdown ? $"|{string.Concat(Titles.Select(_ => "---|"))}" : string.Join("  ", widths.Select(w => new string('─', w))));
        }

        return output.ToString();
    }

    static string[] Cells(Row row) =>
    [
        row.Benchmark,
        row.Case,
        Figure(row.Subject, row.Unit),
        row.Limit is { } limit ? $"{row.LimitName}: {Figure(limit, row.Unit)}" : "",
        row.Ratio is { } ratio ? Number(ratio) : "",
        row is { Low: { } low, High: { } high } ? $"{Number(low)} – {Number(high)}" : "",
        row.Bar is { } bar ? $"{(bar.AtLeast ? "≥" : "≤")} {(row.Limit is null ? Figure(bar.Value, row.Unit) : Number(bar.Value))}" : "",
        row switch { { Unclear: true } => "unclear", { Held: true } => "held", { Held: false } => "missed", _ => "" },
        row.Note ?? "",
    ];

    static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    static string Figure(double value, Unit unit) => unit switch
    {
        Unit.PerSecond => value.ToString("#,0", CultureInfo.InvariantCulture) + "/s",
        Unit.Microseconds => value.ToString("#,0", CultureInfo.InvariantCulture) + " µs",
        Unit.Megabytes => value.ToString("#,0", CultureInfo.InvariantCulture) + " MB",
        Unit.Seconds => value.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        _ => throw new UnreachableException(),
    };
}
