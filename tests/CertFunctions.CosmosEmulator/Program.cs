using CertFunctions.Emulation;

if (!ProgramOptions.TryParse(args, out var options, out var error))
{
    await Console.Error.WriteLineAsync(error);
    await Console.Error.WriteLineAsync(ProgramOptions.Usage);
    return 2;
}

if (options!.Help)
{
    Console.WriteLine(ProgramOptions.Usage);
    return 0;
}

try
{
    await using var emulator = await CosmosEmulator.StartAsync(options.Emulator);
    Console.WriteLine($"Listening on {emulator.Endpoint}");
    Console.WriteLine(emulator.ConnectionString);
    await emulator.WaitForShutdownAsync();
    return 0;
}
catch (Exception cannot) when (cannot is IOException or InvalidDataException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"The emulator cannot start: {cannot.Message}");
    return 1;
}
