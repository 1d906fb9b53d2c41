using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CertFunctions.Benchmarks;

// The program is also its own helpers, each in a process of its own.
switch (args)
{
    case ["--empty-server"]:
        return await EmptyServer.RunAsync();
    case ["--load"]:
        return await LoadGenerator.RunAsync();
}

(string Name, string What, Func<Scale, Task<IReadOnlyList<Row>>> Run)[] benchmarks =
[
    ("ingest-store", "durable appends through the store / plain SQLite at the same group size", scale => new IngestStore(scale).RunAsync()),
    ("ingest-http", "durable acknowledgements over HTTP / an endpoint that does nothing", scale => new IngestHttp(scale).RunAsync()),
    ("chain", "the pump from feed to ledger / the hashes alone", scale => new Chain(scale).RunAsync()),
    ("published", "building the tree / chaining; a proof from large archives; publishing on large ledgers / on 10 thousand entries", scale => new Published(scale).RunAsync()),
    ("verify", "verification on one core / the hashes alone; memory by ledger size", scale => new Verify(scale).RunAsync()),
    ("page", "a timeline page of 50 on large stores / on 10 thousand events", scale => new Page(scale).RunAsync()),
    ("sweep", "an expiry sweep among many certificates / among few; a due certificate / an ingested event", scale => new Sweep(scale).RunAsync()),
    ("idle", "resident memory of an idle service", scale => new Idle(scale).RunAsync()),
    ("demo", "wall time of certfn demo", scale => new Demo(scale).RunAsync()),
];

if (args.Contains("--list"))
{
    foreach (var (name, what, _) in benchmarks)
        Console.WriteLine($"{name,-14}{what}");
    return 0;
}

string? data = null;
bool quick = false, markdown = false;
var names = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--quick": quick = true; break;
        case "--markdown": markdown = true; break;
        case "--data" when i + 1 < args.Length: data = args[++i]; break;
        case var name when benchmarks.Any(b => b.Name == name): names.Add(name); break;
        default:
            Console.Error.WriteLine($"'{args[i]}' is no benchmark and no option: [NAME…] [--quick] [--markdown] [--data FOLDER] [--list]");
            return 2;
    }
}

SQLitePCL.Batteries_V2.Init();
using var filled = new FilledStores(data);
var scale = new Scale(quick, filled);
Console.Error.WriteLine(Machine.Describe());
var rows = new List<Row>();
foreach (var (name, _, run) in benchmarks)
{
    if (names.Count > 0 && !names.Contains(name))
        continue;
    var started = Stopwatch.GetTimestamp();
    Console.Error.Write($"{name} … ");
    rows.AddRange(await run(scale));
    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:0} s"));
}

Console.Write(Table.Print(rows, markdown));
return rows.Any(r => r is { Held: false, Unclear: false }) ? 1 : 0;

/// <summary>What the figures were measured on.</summary>
static class Machine
{
    public static string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Model()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; SQLite {SQLitePCL.raw.sqlite3_libversion().utf8_to_string()}; {DateTime.UtcNow:yyyy-MM-dd}");

    static string Model() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU"
        : RuntimeInformation.ProcessArchitecture.ToString();
}
