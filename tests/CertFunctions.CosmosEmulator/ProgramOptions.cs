using System.Globalization;

namespace CertFunctions.Emulation;

/// <summary>The program's arguments.</summary>
sealed record ProgramOptions(CosmosEmulatorOptions Emulator, bool Help)
{
    const int MicrosoftsPort = 8081;

    public static string Usage => """
        A Cosmos DB for NoSQL emulator for tests and for running the Functions app without the cloud.

          --port PORT        the loopback port (default 8081, that of Microsoft's emulator; 0 takes a free one)
          --partitions N     physical partitions of each new container, 1 to 64 (default 1)
          --snapshot FILE    load FILE at start if it is there, save it at stop, and keep a journal beside it
          --help             this text

        Clients use ConnectionMode.Gateway and the connection string printed at start.
        """;

    public static bool TryParse(IReadOnlyList<string> arguments, out ProgramOptions? options, out string error)
    {
        var emulator = new CosmosEmulatorOptions { Port = MicrosoftsPort };
        var help = false;
        options = null;
        error = string.Empty;
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            if (name is "--help" or "-h" or "-?")
            {
                help = true;
                continue;
            }

            if (i + 1 == arguments.Count)
            {
                error = $"'{name}' is not known, or needs a value.";
                return false;
            }

            var value = arguments[++i];
            switch (name)
            {
                case "--port" when Number(value, 0, 65535) is { } port:
                    emulator = emulator with { Port = port };
                    break;
                case "--partitions" when Number(value, 1, 64) is { } partitions:
                    emulator = emulator with { Partitions = partitions };
                    break;
                case "--snapshot":
                    emulator = emulator with { SnapshotFile = value };
                    break;
                default:
                    error = $"'{name} {value}' is not understood.";
                    return false;
            }
        }

        options = new ProgramOptions(emulator, help);
        return true;
    }

    static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;
}
