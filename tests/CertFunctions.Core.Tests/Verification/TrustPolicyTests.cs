using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>A policy is read strictly: a misspelt pin would pin nothing.</summary>
public sealed class TrustPolicyTests : IDisposable
{
    readonly EcdsaLogKey log = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)), other = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    public void Dispose()
    {
        log.Dispose();
        other.Dispose();
    }

    [Fact]
    public async Task What_is_written_is_read_again()
    {
        var policy = await WholeAsync();

        var again = TrustPolicy.Parse(policy.ToJson(), out var faults);

        Assert.Empty(faults);
        Assert.Equal(Encoding.UTF8.GetString(policy.ToJson()), Encoding.UTF8.GetString(again!.ToJson()));
        Assert.Equal((policy.Origin, policy.Ledger, 7L, 1), (again.Origin, again.Ledger, again.MinSize, again.Quorum));
        Assert.Equal(policy.LogKeys, again.LogKeys);
        Assert.Equal(policy.Earlier!.Checkpoint.Root, again.Earlier!.Checkpoint.Root);
    }

    [Theory]
    [InlineData("version", "2", "version")]
    [InlineData("origin", "\"two words\"", "origin", "log_keys[0]", "checkpoint")]
    [InlineData("origin", "\"another.example/log\"", "log_keys[0]", "checkpoint")]
    [InlineData("ledger", "\"no org\"", "ledger")]
    [InlineData("log_keys", "[]", "log_keys")]
    [InlineData("log_keys", "\"x\"", "log_keys")]
    [InlineData("log_keys", "[\"example.com/log+00000000+AAAA\"]", "log_keys[0]")]
    [InlineData("log_keys", "[7]", "log_keys[0]")]
    [InlineData("min_size", "-1", "min_size")]
    [InlineData("min_size", "\"7\"", "min_size")]
    [InlineData("checkpoint", "\"no note\"", "checkpoint")]
    [InlineData("checkpoint", "7", "checkpoint")]
    [InlineData("witnesses", "[]", "witnesses")]
    [InlineData("witnesses", "{\"quorum\":1,\"keys\":[]}", "witnesses.keys", "witnesses.quorum")]
    [InlineData("witnesses", "{\"quorum\":1,\"key\":[]}", "witnesses.key", "witnesses.quorum")]
    [InlineData("time_stamp_certificates", "\"x\"", "time_stamp_certificates")]
    [InlineData("minimum_size", "7", "minimum_size")]
    public async Task A_fault_is_named_by_its_field(string member, string value, params string[] fields)
    {
        var json = JsonNode.Parse((await WholeAsync()).ToJson())!.AsObject();
        json[member] = JsonNode.Parse(value);

        Assert.Null(TrustPolicy.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var faults));
        Assert.Equal(fields, faults.Select(f => f.Field));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"version\":1,\"version\":1}")]
    [InlineData("{\"version\":1} x")]
    public void What_is_no_object_is_no_policy(string json)
    {
        Assert.Null(TrustPolicy.Parse(Encoding.UTF8.GetBytes(json), out var faults));
        Assert.Equal("(file)", faults[0].Field);
    }

    [Fact]
    public async Task A_quorum_of_more_witnesses_than_there_are_is_a_fault()
    {
        var json = JsonNode.Parse((await WholeAsync()).ToJson())!.AsObject();
        json["witnesses"]!["quorum"] = 2;
        TrustPolicy.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var faults);
        Assert.Equal("witnesses.quorum", Assert.Single(faults).Field);
    }

    [Fact]
    public async Task A_checkpoint_under_another_key_is_a_fault()
    {
        var json = JsonNode.Parse((await WholeAsync()).ToJson())!.AsObject();
        json["log_keys"] = JsonSerializer.SerializeToNode(new[] { other.Named("example.com/log").Verifier.ToString() });
        TrustPolicy.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), out var faults);
        Assert.Equal(("checkpoint", "is not signed with one of log_keys: where the log has rotated its key since, name the key in force as well ('certfn key')"), Assert.Single(faults) is var f ? (f.Field, f.Mend) : default);
    }

    async Task<TrustPolicy> WholeAsync()
    {
        var signer = log.Named("example.com/log");
        var checkpoint = new Checkpoint { Origin = "example.com/log", Size = 5, Root = LedgerHash.Leaf("x"u8) };
        var note = new SignedNote(checkpoint.ToText(), [await signer.SignAsync(checkpoint.ToText(), default)]);
        return new TrustPolicy
        {
            Origin = "example.com/log",
            Ledger = CertFunctions.Core.Events.OrgId.Parse("acme"),
            LogKeys = [signer.Verifier],
            MinSize = 7,
            Earlier = new SeenCheckpoint("the policy's checkpoint", Layer.Pin, note, checkpoint),
            Witnesses = [other.Named("witness.example").Verifier],
            Quorum = 1,
        };
    }
}
