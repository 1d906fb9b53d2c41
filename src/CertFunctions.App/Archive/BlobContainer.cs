using Azure.Core;
using Azure.Identity;
using CertFunctions.Core.Publishing.Blobs;
using CertFunctions.Http.Hosting;

namespace CertFunctions.App.Archive;

/// <summary>The container of checkpoints and tiles. What is written there, and that it is written once, is decided in <see cref="BlobArchive"/>.</summary>
static class BlobContainer
{
    static readonly TokenRequestContext Scope = new(["https://storage.azure.com/.default"]);

    /// <summary>With the app's identity; with a connection string where there is one (an emulator).</summary>
    public static BlobArchive Connect(ArchiveSettings settings) => new(
        new HttpClient { Timeout = TimeSpan.FromSeconds(30) },
        settings.ConnectionString is { } connection ? BlobAccount.Of(connection) : BlobAccount.At(settings.BlobService!, Tokens(new DefaultAzureCredential())),
        settings.Container,
        TimeProvider.System);

    /// <summary>The credential keeps a token as long as it is good.</summary>
    static Func<CancellationToken, ValueTask<string>> Tokens(TokenCredential credential) => async cancellationToken => (await credential.GetTokenAsync(Scope, cancellationToken)).Token;
}
