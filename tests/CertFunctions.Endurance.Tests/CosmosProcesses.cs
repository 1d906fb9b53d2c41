using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CertFunctions.Emulation;
using CertFunctions.LocalHost.Data;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Endurance.Tests;

/// <summary>What the tests share that run services and an emulator as processes. One such test at a time: each wants the machine.</summary>
[CollectionDefinition(nameof(CosmosProcesses), DisableParallelization = true)]
public sealed class CosmosProcesses
{
    internal static ServerProcess NewServer(DataFolder data, CosmosEmulatorProcess emulator) => new(data.Path, "--store", "cosmos", "--cosmos", emulator.Connection);

    /// <summary>Makes the keys of one folder and copies them to another: services on one database share them.</summary>
    internal static ServiceKeys ShareKeys(DataFolder from, DataFolder to)
    {
        var keys = ServiceKeys.LoadOrCreate(from);
        DataFolder.CreateOwnerOnly(to.Path);
        DataFolder.CreateOwnerOnly(to.Keys);
        foreach (var key in Directory.GetFiles(from.Keys))
            File.Copy(key, Path.Combine(to.Keys, Path.GetFileName(key)));
        return keys;
    }

    internal static CosmosClient NewClient(string connection) => new(connection, new CosmosClientOptions { ConnectionMode = ConnectionMode.Gateway });

    /// <summary>The bytes of the largest document, as it is stored.</summary>
    internal static async Task<int> LargestAsync(Container container)
    {
        var largest = 0;
        using var pages = container.GetItemQueryStreamIterator("SELECT * FROM c");
        while (pages.HasMoreResults)
        {
            using var page = await pages.ReadNextAsync();
            using var json = await JsonDocument.ParseAsync(page.Content);
            foreach (var document in json.RootElement.GetProperty("Documents").EnumerateArray())
                largest = Math.Max(largest, Encoding.UTF8.GetByteCount(document.GetRawText()));
        }

        return largest;
    }

    /// <summary>One message for a person, with what to do in it, and no key, no stack.</summary>
    internal static void AssertOneMessage(int expected, string says, int exitCode, string output)
    {
        Assert.True(exitCode == expected, $"ended with {exitCode}: {output}");
        // The terminal's width breaks lines; the message is one all the same.
        var message = Regex.Replace(output, @"\s+", " ");
        Assert.Equal(2, message.Split("certfn: ").Length);
        Assert.StartsWith("certfn: ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
        var together = Regex.Replace(output, @"\s+", "");
        Assert.DoesNotContain(CosmosEmulatorOptions.WellKnownKey, together, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(new byte[64]), together, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", message, StringComparison.Ordinal);
        Assert.DoesNotContain(" at CertFunctions", message, StringComparison.Ordinal);
    }
}
