using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Outbound;
using CertFunctions.Core.Witness;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary><c>certfn witness</c> over HTTP: on Kestrel in this process, and as a process of its own that is killed.</summary>
public sealed class WitnessTests : IDisposable
{
    readonly TempFolder home = new();
    readonly TestLog log = new("example.com/log", 300);
    readonly HttpClient http = new(OutboundHttp.Create());

    [Fact]
    public async Task A_log_is_cosigned_from_size_to_size_and_a_client_that_knows_nothing_learns_where_it_stands()
    {
        await using var witness = await StartAsync();
        Assert.IsType<AskOutcome.Cosigned>(await AskAsync(witness, log, 10, 0));
        // Thinks nothing was cosigned yet; thinks too much was.
        Assert.IsType<AskOutcome.Cosigned>(await AskAsync(witness, log, 100, 0));
        Assert.IsType<AskOutcome.Cosigned>(await AskAsync(witness, log, 250, 120));
        var cosigned = Assert.IsType<AskOutcome.Cosigned>(await AskAsync(witness, log, 300, 250));
        Assert.Equal([witness.Verifier], (await log.NoteAsync(300)).With(cosigned.Signatures).Check(witness.Verifier).Good);
        Assert.Equal(new AskOutcome.Ahead(300), await AskAsync(witness, log, 299, 0));
        Assert.IsType<AskOutcome.Refused>(await AskAsync(witness, log.Fork(299, 300), 300, 300));
        Assert.IsType<AskOutcome.Refused>(await AskAsync(witness, new TestLog("example.com/other", 5), 5, 0));
    }

    [Fact]
    public async Task A_cosignature_by_another_key_than_the_one_that_was_set_is_none()
    {
        await using var witness = await StartAsync();
        using var other = new WitnessKey(witness.Verifier.Name, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var ask = new AskWitness(http, new WitnessTarget(witness.Url, other.Verifier));
        Assert.IsType<AskOutcome.Refused>(await ask.HandleAsync(await log.NoteAsync(5), 5, 0, log, default));
    }

    [Fact]
    public async Task The_protocols_statuses_and_types_are_the_ones_of_the_specification()
    {
        await using var witness = await StartAsync();
        var note = await log.NoteAsync(10);
        using var added = await PostAsync(witness, new AddCheckpointRequest(0, [], note).ToBytes());
        Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        Assert.StartsWith($"\u2014 {witness.Verifier.Name} ", await added.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var conflict = await PostAsync(witness, new AddCheckpointRequest(0, [], note).ToBytes());
        Assert.Equal((HttpStatusCode.Conflict, "text/x.tlog.size", "10\n"), (conflict.StatusCode, conflict.Content.Headers.ContentType?.ToString(), await conflict.Content.ReadAsStringAsync()));
        foreach (var (status, body) in new (int, byte[])[]
        {
            (400, "nonsense"u8.ToArray()),
            (404, new AddCheckpointRequest(0, [], await new TestLog("example.com/other", 5).NoteAsync(5)).ToBytes()),
            (403, new AddCheckpointRequest(0, [], await new TestLog(log.Verifier.Name, 5).NoteAsync(5)).ToBytes()),
            (422, new AddCheckpointRequest(10, [], await log.NoteAsync(20)).ToBytes()),
            (413, new byte[AddCheckpointRequest.MaxBytes + 1]),
        })
        {
            using var answer = await PostAsync(witness, body);
            Assert.Equal(status, (int)answer.StatusCode);
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(log.Verifier.Name)));
        Assert.True(SignedNote.TryParse(await http.GetByteArrayAsync(new Uri(witness.Url, $"/{hash}/checkpoint")), out var kept, out _));
        Assert.Equal(2, kept.Check(log.Verifier, witness.Verifier).Good.Count);
        using var none = await http.GetAsync(new Uri(witness.Url, $"/{hash.Replace(hash[0], hash[0] == 'a' ? 'b' : 'a')}/checkpoint"));
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task A_witness_keeps_its_name_and_key_and_a_folder_is_a_services_or_a_witnesss()
    {
        VerifierKey key;
        await using (var first = await StartAsync(name: "example.org/witness"))
            key = first.Verifier;
        await using (var second = await StartAsync())
            Assert.Equal(key, second.Verifier);
        var renamed = await Assert.ThrowsAsync<MendableException>(() => StartAsync(name: "example.org/other"));
        Assert.Contains("keeps its name", renamed.Message, StringComparison.Ordinal);
        Assert.Throws<MendableException>(() => new DataFolder(home.File("witness")).Take());
        using (new DataFolder(home.File("service")).Take())
        {
        }

        Assert.Throws<MendableException>(() => new DataFolder(home.File("service")).TakeForWitness());
    }

    [Fact]
    public async Task Killed_at_any_moment_it_never_cosigns_a_second_history()
    {
        Assert.True(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows());
        var folder = home.File("killed");
        // What was cosigned, by size; the same size must never come with two roots, whatever was killed in between.
        var roots = new Dictionary<long, string>();
        long size = 0;
        for (var round = 0; round < 4; round++)
        {
            var process = Certfn.Start(home.Path, "witness", "--urls", "http://127.0.0.1:0", "--data", folder, "--log", log.Verifier.ToString());
            var output = new List<string>();
            while (!output.Exists(l => l.StartsWith("Stop", StringComparison.Ordinal)))
                output.Add(await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"the witness did not start: {await process.StandardError.ReadToEndAsync()}"));
            var url = new Uri((await File.ReadAllTextAsync(Path.Combine(folder, "address"))).Trim());
            Assert.True(VerifierKey.TryParse(output.First(l => l.Contains("Its key", StringComparison.Ordinal)).Split(' ')[^1], out var key, out _));
            var ask = new AskWitness(http, new WitnessTarget(url, key));
            var kill = Task.Run(async () =>
            {
                await Eventually.TrueAsync(() => Volatile.Read(ref size) >= 60 * (round + 1), "some were cosigned");
                process.Kill();
            });
            try
            {
                while (true)
                {
                    // Alternately the log's next size, and a fork of it.
                    var next = Math.Min(size + 1, 300);
                    foreach (var history in new[] { log, log.Fork((int)Math.Max(0, size - 1), 300) })
                    {
                        if (await ask.HandleAsync(await history.NoteAsync(next), next, size, history, default) is not AskOutcome.Cosigned)
                            continue;
                        var root = Encoding.UTF8.GetString((await history.NoteAsync(next)).Text.Span).Split('\n')[2];
                        Assert.True(!roots.TryGetValue(next, out var before) || before == root, string.Create(CultureInfo.InvariantCulture, $"two roots of size {next}"));
                        roots[next] = root;
                        Volatile.Write(ref size, next);
                    }
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                await kill;
            }

            await process.WaitForExitAsync();
            process.Dispose();
        }

        Assert.True(roots.Count >= 240);
        Assert.All(roots, r => Assert.Equal(Encoding.UTF8.GetString(log.NoteAsync(r.Key).GetAwaiter().GetResult().Text.Span).Split('\n')[2], r.Value));
    }

    [Fact]
    public async Task What_it_is_given_wrongly_it_says()
    {
        (await Certfn.RunAsync(home.Path, "witness", "--log", "nonsense", "--data", home.File("w"))).Exits(2).Says("is no vkey");
        (await Certfn.RunAsync(home.Path, "witness", "--data", home.File("w"))).Exits(2);
    }

    public void Dispose()
    {
        http.Dispose();
        home.Dispose();
    }

    Task<WitnessHost> StartAsync(string? name = null) =>
        WitnessHost.StartAsync(new WitnessOptions { Data = new DataFolder(home.File("witness")), Url = "http://127.0.0.1:0", Name = name, Logs = [log.Verifier], Quiet = true }, default);

    async Task<AskOutcome> AskAsync(WitnessHost witness, TestLog from, long size, long last) =>
        await new AskWitness(http, new WitnessTarget(witness.Url, witness.Verifier)).HandleAsync(await from.NoteAsync(size), size, last, from, default);

    Task<HttpResponseMessage> PostAsync(WitnessHost witness, byte[] body) => http.PostAsync(new Uri(witness.Url, "/add-checkpoint"), new ByteArrayContent(body));
}
