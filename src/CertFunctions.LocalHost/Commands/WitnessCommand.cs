using System.CommandLine;
using CertFunctions.Core.Notes;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn witness</c>: cosigns the checkpoints of the logs it is given, until it is stopped.</summary>
static class WitnessCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Description = "Where to listen; port 0 takes a free one", HelpName = "URL", DefaultValueFactory = _ => WitnessOptions.DefaultUrl };
        var name = new Option<string?>("--name") { Description = "The name it cosigns under, kept from the first start on, such as example.org/witness", HelpName = "NAME" };
        var logs = new Option<string[]>("--log") { Description = "A log to cosign: its vkey. May be given more than once", HelpName = "VKEY", Required = true };
        var data = new Option<string>("--data") { Description = "The witness's own folder, apart from any service's (default: CERTFN_WITNESS, or the user's application data)", HelpName = "FOLDER", DefaultValueFactory = _ => DefaultFolder() };
        var command = new Command("witness", "Guard other logs: cosign their checkpoints as long as each continues the one before (C2SP tlog-witness)") { logs, name, urls, data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() => RunAsync(
            new WitnessOptions
            {
                Data = new DataFolder(parsed.GetValue(data)!),
                Url = parsed.GetValue(urls)!,
                Name = parsed.GetValue(name),
                Logs = [.. parsed.GetValue(logs)!.Select(LogKey)],
            },
            cancellationToken)));
        return command;
    }

    static async Task<int> RunAsync(WitnessOptions options, CancellationToken cancellationToken)
    {
        await using var witness = await WitnessHost.StartAsync(options, cancellationToken).ConfigureAwait(false);
        Terminal.Out.MarkupLineInterpolated($"Listening on [bold]{witness.Url.ToString().TrimEnd('/')}[/]");
        // In one piece, whatever the width: it is there to be copied.
        Console.WriteLine($"Its key, for those whose log it guards: {witness.Verifier}");
        foreach (var origin in options.Logs.Select(l => l.Name).Distinct())
            Console.WriteLine($"Guarding {origin}");
        Terminal.Out.MarkupLine("Stop with Ctrl+C.");
        try
        {
            await witness.Stopping.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop, and that is a good end.
        }

        return ExitCode.Ok;
    }

    static VerifierKey LogKey(string text) => VerifierKey.TryParse(text, out var key, out var why)
        ? key.Type == SignatureType.Ecdsa ? key : throw new MendableException($"The key {key.Name} given with --log is of a kind this witness cannot check: only ECDSA P-256 keys.", exitCode: ExitCode.Usage)
        : throw new MendableException($"'{text}' given with --log is no vkey: {why}. Copy what the log's service prints.", exitCode: ExitCode.Usage);

    static string DefaultFolder() => Environment.GetEnvironmentVariable("CERTFN_WITNESS") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "certfn-witness");
}
