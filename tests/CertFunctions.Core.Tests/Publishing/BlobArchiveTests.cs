using System.Net;
using System.Reflection;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Publishing.Blobs;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>The archive in blobs passes the archives' contract against a real storage service; and what goes wrong on the way is told, never taken for written.</summary>
public sealed class BlobArchiveTests(Azurite azurite) : IClassFixture<Azurite>
{
    /// <summary>Each fact of the contract, and each case of its theories by number.</summary>
    public static TheoryData<string, int> Rules
    {
        get
        {
            var rules = new TheoryData<string, int>();
            foreach (var method in typeof(ArchiveContract).GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null))
            {
                for (var i = 0; i < Math.Max(1, Cases(method).Count); i++)
                    rules.Add(method.Name, i);
            }

            return rules;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Rules))]
    public async Task The_contract_of_archives(string rule, int number)
    {
        Skip.IfNot(Azurite.IsThere, "Azurite is not there: npm install --prefix artifacts/npm azurite@3.35.0");
        var contract = new InAzurite(azurite, $"c-{Guid.NewGuid():N}");
        await contract.InitializeAsync();
        var method = typeof(ArchiveContract).GetMethod(rule)!;
        await (Task)method.Invoke(contract, Cases(method).ElementAtOrDefault(number))!;
    }

    static IReadOnlyList<object[]> Cases(MethodInfo method) => [.. method.GetCustomAttributes<Xunit.Sdk.DataAttribute>().SelectMany(d => d.GetData(method))];

    [SkippableFact]
    public async Task More_children_than_a_page_are_all_listed_in_order()
    {
        Skip.IfNot(Azurite.IsThere, "Azurite is not there: npm install --prefix artifacts/npm azurite@3.35.0");
        var archive = azurite.Open("paged");
        await Parallel.ForEachAsync(Enumerable.Range(0, 5100), async (n, token) => await archive.PutAsync($"acme/{n:D5}", new byte[] { 1 }, token));

        var listed = await archive.ListAsync("acme", null, 10_000, default);

        Assert.Equal(Enumerable.Range(0, 5100).Select(n => $"{n:D5}"), listed);
        Assert.Equal(["04999", "05000"], await archive.ListAsync("acme", "04998", 2, default));
    }

    [SkippableFact]
    public async Task An_emulators_container_is_made_by_the_first_who_asks()
    {
        Skip.IfNot(Azurite.IsThere, "Azurite is not there: npm install --prefix artifacts/npm azurite@3.35.0");

        Assert.Empty(await azurite.Open("made").ListAsync("", null, 1, default));
        Assert.Equal(ArchivePut.Written, await azurite.Open("made").PutAsync("acme/a", new byte[] { 1 }, default));
    }

    [Fact]
    public async Task A_container_that_is_not_there_is_said_and_is_not_an_empty_archive()
    {
        var archive = new Scripted(_ => new HttpResponseMessage(HttpStatusCode.NotFound) { Headers = { { "x-ms-error-code", "ContainerNotFound" } } }).Archive;

        foreach (var call in new Func<Task>[] { () => archive.ReadAsync("acme/a", default), () => archive.PutAsync("acme/a", new byte[] { 1 }, default), () => archive.ListAsync("acme", null, 1, default) })
            Assert.Contains("has no container", (await Assert.ThrowsAsync<IOException>(call)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_does_not_let_us_in_names_the_role_and_one_that_is_down_is_no_answer()
    {
        var refused = new Scripted(_ => new HttpResponseMessage(HttpStatusCode.Forbidden) { Headers = { { "x-ms-error-code", "AuthorizationPermissionMismatch" } } });
        Assert.Contains("Storage Blob Data Contributor", (await Assert.ThrowsAsync<IOException>(() => refused.Archive.PutAsync("a/b", new byte[] { 1 }, default))).Message, StringComparison.Ordinal);

        var down = new Scripted(_ => throw new HttpRequestException("connection refused"));
        await Assert.ThrowsAsync<IOException>(() => down.Archive.ReadAsync("a/b", default));
        await Assert.ThrowsAsync<IOException>(() => down.Archive.ListAsync("a", null, 1, default));
        await Assert.ThrowsAsync<IOException>(() => new Scripted(_ => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)).Archive.PutAsync("a/b", new byte[] { 1 }, default));
    }

    [Fact]
    public async Task A_put_that_landed_while_its_answer_was_lost_is_the_same_the_second_time()
    {
        var stored = Array.Empty<byte>();
        var puts = 0;
        var account = new Scripted(request =>
        {
            if (request.Method == HttpMethod.Get)
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(stored) };
            if (puts++ > 0)
                return new HttpResponseMessage(HttpStatusCode.Conflict) { Headers = { { "x-ms-error-code", "BlobAlreadyExists" } } };
            stored = [1, 2, 3];
            throw new HttpRequestException("the connection broke");
        });

        await Assert.ThrowsAsync<IOException>(() => account.Archive.PutAsync("a/b", new byte[] { 1, 2, 3 }, default));
        Assert.Equal(ArchivePut.Same, await account.Archive.PutAsync("a/b", new byte[] { 1, 2, 3 }, default));
        Assert.Equal(ArchivePut.Differs, await account.Archive.PutAsync("a/b", new byte[] { 4 }, default));
        Assert.All(account.Requests.Where(r => r.Method == HttpMethod.Put), r => Assert.Equal("*", r.Headers.IfNoneMatch.ToString()));
        Assert.All(account.Requests, r => Assert.Equal("Bearer a-token", r.Headers.Authorization!.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AccountName=a")]
    [InlineData("UseDevelopmentStorage=false")]
    [InlineData("AccountName=a;AccountKey=not base64!")]
    public void A_connection_string_that_is_none_is_refused(string connection) => Assert.Throws<FormatException>(() => BlobAccount.Of(connection));

    [Fact]
    public void A_connection_string_names_the_endpoint_or_makes_it_of_its_parts()
    {
        Assert.Equal("http://127.0.0.1:10000/devstoreaccount1", BlobAccount.Of("UseDevelopmentStorage=true").Endpoint.ToString());
        Assert.Equal("https://acme.blob.core.windows.net/", BlobAccount.Of("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=YQ==;EndpointSuffix=core.windows.net").Endpoint.ToString());
    }

    sealed class InAzurite(Azurite azurite, string container) : ArchiveContract
    {
        public override Task DisposeAsync() => Task.CompletedTask;

        protected override Task<IArchive> OpenAsync() => Task.FromResult<IArchive>(azurite.Open(container));
    }

    /// <summary>An account that answers as told.</summary>
    sealed class Scripted(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<HttpRequestMessage> Requests { get; } = [];

        public BlobArchive Archive => new(new HttpClient(this), BlobAccount.At(new Uri("https://acme.blob.core.windows.net"), _ => ValueTask.FromResult("a-token")), "ledger", TimeProvider.System);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request);
            return Task.FromResult(answer(request));
        }
    }
}
