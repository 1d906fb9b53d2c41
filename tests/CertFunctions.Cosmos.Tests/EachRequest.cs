using CertFunctions.Emulation;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Every request of a scenario goes wrong in turn.</summary>
static class EachRequest
{
    /// <summary>Runs the scenario with its first request failing, then its second, until no request is left to fail; how many there were.</summary>
    public static async Task<int> FailsAsync(CosmosUnderTest store, Func<FaultPlan, Func<EmulatorRequest, bool>, FaultRule> effect, Func<int, Task<Func<Task>>> prepare)
    {
        for (var failing = 1; ; failing++)
        {
            var scenario = await prepare(failing);
            var seen = 0;
            using var rule = effect(store.Emulator.Faults, _ => Interlocked.Increment(ref seen) >= failing);
            var work = scenario();
            // What fails for good is mended once it was noticed.
            if (await Task.WhenAny(work, rule.HitAsync(10)) != work)
                rule.Dispose();
            await work.WaitAsync(TimeSpan.FromSeconds(120));
            if (rule.Hits == 0)
                return failing - 1;
        }
    }
}
