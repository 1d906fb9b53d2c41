using Spectre.Console;

namespace CertFunctions.LocalHost.Show;

/// <summary>What the verbs print on. Colours and moving bars only where a terminal is; plain lines, not broken to a screen's width, elsewhere.</summary>
static class Terminal
{
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether the program is watched by a person, so that a progress bar is a help and not noise.</summary>
    public static bool IsWatched => !Console.IsOutputRedirected && Out.Profile.Capabilities.Ansi;

    /// <summary>Runs work under a progress bar where someone watches. The work tells what is done and what there is; 0 for "nobody knows".</summary>
    public static async Task<T> WithProgressAsync<T>(string what, Func<Action<long, long>?, Task<T>> work)
    {
        if (!IsWatched)
            return await work(null).ConfigureAwait(false);
        return await Out.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).StartAsync(context =>
        {
            var task = context.AddTask(what);
            return work((done, total) =>
            {
                task.IsIndeterminate = total == 0;
                task.MaxValue(Math.Max(1, total)).Value(done);
            });
        }).ConfigureAwait(false);
    }

    /// <summary>The same for work that does not wait for anything.</summary>
    public static T WithProgress<T>(string what, Func<Action<long, long>?, T> work) =>
        WithProgressAsync(what, progress => Task.Run(() => work(progress))).GetAwaiter().GetResult();

    public static Table Table(params string[] columns)
    {
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Ascii2 : TableBorder.Rounded };
        foreach (var column in columns)
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(column)}[/]"));
        return table;
    }

    /// <summary>Text from outside with nothing in it that a terminal would obey.</summary>
    public static string Visible(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        // Wider than any line of ours: what a program reads is not broken in the middle.
        if (redirected)
            console.Profile.Width = 2000;
        return console;
    }
}
