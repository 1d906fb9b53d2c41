using System.Diagnostics;

namespace CertFunctions.Benchmarks;

/// <summary>What an idle service takes: resident memory five seconds after its first request.</summary>
sealed class Idle(Scale scale)
{
    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var sizes = new List<double>();
        for (var i = 0; i < (scale.Quick ? 1 : 3); i++)
        {
            using var folder = new Scratch();
            using var service = await Service.StartAsync(folder.Path);
            using (await service.GetAsync("/api/v1/projects/default/certificates/none/events"))
                await Task.Delay(TimeSpan.FromSeconds(5));
            sizes.Add(service.Process.Resident / 1e6);
        }

        return [new Row("idle", "resident memory of certfn serve", Unit.Megabytes, Interleave.Median(sizes)) { Bar = Bar.Most(150) }];
    }
}

/// <summary><c>certfn demo</c> from start to verdict, the program built.</summary>
sealed class Demo(Scale scale)
{
    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var times = new List<double>();
        for (var i = 0; i < (scale.Quick ? 1 : 3); i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var child = Child.Certfn("demo");
            var (exitCode, _) = await child.EndAsync();
            if (exitCode != 0)
                throw new InvalidOperationException($"certfn demo ended with {exitCode}");
            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return [new Row("demo", "wall time of certfn demo", Unit.Seconds, Interleave.Median(times)) { Bar = Bar.Most(30) }];
    }
}
