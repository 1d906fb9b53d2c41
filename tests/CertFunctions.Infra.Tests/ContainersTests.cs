using System.Text.Json;
using System.Text.Json.Nodes;
using CertFunctions.Cosmos;
using CertFunctions.Testing;
using Microsoft.Azure.Cosmos;
using Newtonsoft.Json;

namespace CertFunctions.Infra.Tests;

/// <summary>The templates make the containers that <c>certfn provision</c> makes.</summary>
public sealed class ContainersTests
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    [Fact]
    public void The_templates_make_the_containers_that_the_code_makes()
    {
        var wanted = new JsonArray([.. CosmosLayout.Containers.Select(Sent)]).ToJsonString(Indented) + "\n";
        var there = File.ReadAllText(Repository.File("infra-bicep", "modules", "cosmos-containers.json"));
        Assert.True(there == wanted, "infra-bicep/modules/cosmos-containers.json is not what CosmosLayout says. Make it:\n" + wanted);
    }

    /// <summary>What the SDK sends for a container, less what only says how it says nothing: empty lists, and defaults in words of their own.</summary>
    static JsonNode Sent(ContainerProperties container)
    {
        var sent = JsonNode.Parse(JsonConvert.SerializeObject(container))!.AsObject();
        // Where the code leaves the index policy to the service, the template does too.
        if (container.IndexingPolicy is { IncludedPaths.Count: 0, ExcludedPaths.Count: 0 })
            sent.Remove("indexingPolicy");
        else
            sent["indexingPolicy"]!["indexingMode"] = "consistent"; // as Resource Manager spells it
        Tidy(sent);
        string[] order = ["id", "partitionKey", "uniqueKeyPolicy", "indexingPolicy", "defaultTtl"];
        Assert.Equal([], sent.Select(p => p.Key).Except(order));
        return new JsonObject(order.Where(sent.ContainsKey).Select(name => KeyValuePair.Create(name, sent[name]?.DeepClone())));
    }

    static void Tidy(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
                Tidy(item);
        }
        else if (node is JsonObject body)
        {
            foreach (var (name, value) in body.ToList())
            {
                if (value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 })
                    body.Remove(name);
                else
                    Tidy(value);
            }
        }
    }
}
