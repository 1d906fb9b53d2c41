using System.Net;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R32: the service publishes its ledger into its folder, under a key that it shows.</summary>
public sealed class PublishingTests : IDisposable
{
    static readonly OrgId Org = OrgId.Parse("local");

    readonly TempFolder home = new();

    FolderArchive Archive => new(home.File("data/archive"));

    [Fact]
    public async Task What_is_chained_is_published_under_the_key_that_is_shown()
    {
        await FillAsync(5);

        await using var service = await StartAsync();
        var note = await PublishedAsync(service, 5);

        var key = await KeyAsync();
        Assert.Matches("^certfn\\.local/[0-9a-f]{8}/local$", key.Name);
        Assert.False(note.Check(key).IsRefused);
        var mode = Path.Combine(home.Path, "data", "keys", "signing-1.key");
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----", await File.ReadAllTextAsync(mode), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(mode));
    }

    [Fact]
    public async Task A_log_keeps_the_name_of_its_first_start()
    {
        await using (await StartAsync("--log-name", "log.example.com/certfn"))
            Assert.Equal("log.example.com/certfn/local", (await KeyAsync()).Name);

        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--log-name", "log.example.com/other")).Exits(2).Says("is called log.example.com/certfn");
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--log-name", "a name")).Exits(2).Says("cannot be a log's name");
        await using (await StartAsync())
            Assert.Equal("log.example.com/certfn/local", (await KeyAsync()).Name);
    }

    [Fact]
    public async Task Where_no_service_has_been_there_is_no_key()
    {
        (await Certfn.RunAsync(home.Path, "key")).Exits(3).Says("--data");
        Assert.False(Directory.Exists(home.File("data")));
        await using (await StartAsync())
            (await Certfn.RunAsync(home.Path, "key", "--org", "not an org")).Exits(2).Says("--org");
    }

    [Fact]
    public async Task An_earlier_key_is_shown_after_the_one_in_force_and_its_checkpoints_still_count()
    {
        await FillAsync(3);
        await using (var first = await StartAsync())
            await PublishedAsync(first, 3);
        var old = await KeyAsync();
        (await Certfn.RunAsync(home.Path, "rotate", "signing")).Exits(0);
        await FillAsync(4);

        await using (var second = await StartAsync())
        {
            var note = await PublishedAsync(second, 8);
            Assert.True(note.Check(old).IsRefused);
        }

        var lines = (await Certfn.RunAsync(home.Path, "key")).Exits(0).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Equal(old.ToString(), lines[1]);
        await CheckArchiveAsync([.. lines.Select(Parse)]);
    }

    [Theory]
    [InlineData("2m")]
    [InlineData("61s")]
    [InlineData("soon")]
    public async Task A_checkpoint_comes_every_minute_at_least(string every) =>
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--publish-every", every)).Exits(2).Says("--publish-every");

    /// <summary>Killed while it publishes at its start and takes events: whatever is in the archive then, it goes on from, and never says otherwise.</summary>
    [Fact]
    public async Task Killed_again_and_again_it_never_contradicts_what_it_published()
    {
        var posted = 0;
        VerifierKey? key = null;
        var sizes = new HashSet<long>();
        for (var round = 0; round < 7; round++)
        {
            var service = await StartAsync();
            key ??= await KeyAsync();
            // Each round dies after another number of answers, so at another step of the publishing that began with its start.
            for (var n = 0; n <= round * 2; n++, posted += 100)
                Assert.Equal(201, (await service.PostAsync($"[{string.Join(',', Enumerable.Range(posted, 100).Select(i => Make.Json($"c{i % 9}", $"e{i}")))}]")).Status);
            await service.DisposeAsync();
            sizes.UnionWith(await CheckArchiveAsync([key]));
        }

        await using var last = await StartAsync();
        await PublishedAsync(last, 1);
        var checkpoints = await CheckArchiveAsync([key!]);
        Assert.Superset(sizes, checkpoints.ToHashSet());
        Assert.InRange(checkpoints.Count, 2, 200);
    }

    /// <summary>Every checkpoint is signed, and each goes on from the one before; the sizes there are.</summary>
    async Task<IReadOnlyList<long>> CheckArchiveAsync(IReadOnlyList<VerifierKey> keys)
    {
        var sizes = new List<long>();
        Checkpoint? before = null;
        await foreach (var name in ArchivedCheckpoints.ListAsync(Archive, Org, default))
        {
            var archived = await ArchivedCheckpoints.ReadAsync(Archive, Org, name, default);
            var now = archived.Checkpoint;
            Assert.False(archived.Note.Check(keys).IsRefused);
            Assert.Equal(now.Root, await TreeProof.RootAsync(new ArchiveTiles(Archive, Org, now.Size), now.Size, default));
            if (before is not null)
                Assert.True(TreeProof.IsConsistent(before.Size, before.Root, now.Size, now.Root, [.. await TreeProof.ConsistencyAsync(new ArchiveTiles(Archive, Org, now.Size), before.Size, now.Size, default)]));
            sizes.Add(now.Size);
            before = now;
        }

        return sizes;
    }

    Task<Service> StartAsync(params string[] options) => Service.StartAsync(home.Path, ["--publish-every", "1s", .. options]);

    /// <summary>Records and chains events with a service that is stopped again.</summary>
    async Task FillAsync(int count)
    {
        await using var service = await StartAsync();
        var before = (await service.GetAsync("/ledger/head")).GetProperty("size").GetInt64();
        for (var n = 0; n < count; n++)
            Assert.Equal(201, (await service.PostAsync(Make.Json($"c{n}"))).Status);
        await service.SettlesAtAsync(before + count);
    }

    static async Task<SignedNote> PublishedAsync(Service service, long size)
    {
        SignedNote? note = null;
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await service.GetRawAsync("/api/v1/ledger/checkpoint");
                return answer.StatusCode == HttpStatusCode.OK && SignedNote.TryParse(await answer.Content.ReadAsByteArrayAsync(), out note, out _)
                    && Checkpoint.TryParse(note.Text.Span, out var checkpoint, out _) && checkpoint.Size >= size;
            },
            $"{size} entries are published",
            // A start within the period of the last run waits for the rest of it.
            deadline: TimeSpan.FromMinutes(2));
        return note!;
    }

    async Task<VerifierKey> KeyAsync() => Parse((await Certfn.RunAsync(home.Path, "key")).Exits(0).Out.Trim());

    static VerifierKey Parse(string text) => VerifierKey.TryParse(text.Trim(), out var key, out var why) ? key : throw new FormatException($"{text}: {why}");

    public void Dispose() => home.Dispose();
}
