using System.Buffers;
using CertFunctions.Core.Events;
using CertFunctions.Core.Evidence;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Drill;
using CertFunctions.Sqlite;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>A ledger of three hundred events in a data folder, published twice to an archive under a log key, and the evidence of one subject.</summary>
public sealed class Published : IAsyncLifetime, IDisposable
{
    public const int Events = 300;

    readonly TempFolder home = new();

    internal DrillGround Ground { get; private set; } = null!;

    public byte[] Bundle { get; private set; } = [];

    public string Export => home.File("export.jsonl");

    public async Task InitializeAsync()
    {
        var folder = new DataFolder(home.File("data"));
        folder.Take().Dispose();
        SecretFile.LoadOrCreate(Path.Combine(folder.Keys, "hmac-1.key"), SecretFile.RandomHex);
        var keys = ServiceKeys.LoadLedger(folder)!;
        await using (var store = SqliteStore.Open(new SqliteOptions { Path = folder.Database }))
        {
            for (var i = 0; i < Events; i += 50)
                await store.Events.AppendAsync([.. Enumerable.Range(i, 50).Select(n => Make.Stamped($"c{n % 60}", $"e{n}"))], default);
            var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, keys));
            while (await pump.StepAsync(default) > 0)
            {
            }

            var lines = new ArrayBufferWriter<byte>();
            foreach (var entry in await store.Ledger.ReadAsync(Make.Org, 0, Events, default))
                LedgerLine.Write(entry, lines);
            await File.WriteAllBytesAsync(Export, lines.WrittenSpan.ToArray());
        }

        Ground = await DrillGround.PrepareAsync(folder, Make.Org, Events, TimeProvider.System, default);
        Bundle = await BundleAsync("c7");
    }

    /// <summary>The evidence of a certificate, from the published ledger.</summary>
    public async Task<byte[]> BundleAsync(string id)
    {
        var (folder, archive) = Ground.Copy();
        await using var store = SqliteStore.Open(new SqliteOptions { Path = folder.Database });
        var from = new FolderArchive(archive);
        var write = new WriteEvidence(store.Events, store.Ledger, from, new LatestCheckpoints(from, TimeProvider.System), Ground.LogKeys);
        var plan = Assert.IsType<EvidencePlan.Ready>(await write.PlanAsync(new SubjectAddress(Make.Org, Make.Project, Subject.Parse(Subject.Certificate, id)), default));
        using var output = new MemoryStream();
        await write.WriteAsync(plan, output, default);
        return output.ToArray();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        Ground?.Dispose();
        home.Dispose();
    }
}
