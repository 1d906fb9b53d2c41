using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Notes;

public sealed class CheckpointTests
{
    const string Root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    static readonly string Chain = new('a', 64);

    static readonly Checkpoint Ours = new()
    {
        Origin = "certfn.local/0a1b2c3d/acme",
        Size = 0,
        Root = TreeHash.Empty,
        Chain = LedgerHash.Genesis(Make.Org),
        Time = Make.Now,
    };

    [Fact]
    public void Ours_prints_as_the_format_page_says_and_reads_back()
    {
        var text = $"certfn.local/0a1b2c3d/acme\n0\n{Root}\nchain {LedgerHash.Genesis(Make.Org)}\ntime 2026-03-01T12:00:00Z\n";

        Assert.Equal(text, Encoding.UTF8.GetString(Ours.ToText()));
        Assert.Equal(Ours, Read(text));
        Assert.Equal(text, Encoding.UTF8.GetString((Ours with { Time = Make.Now.AddMilliseconds(999) }).ToText()));
    }

    [Theory]
    [InlineData("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
    [InlineData("Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\nTimestamp: 1679349379012118479\n")]
    [InlineData("log\n1\n" + Root + "\nother line\nand another\n")]
    [InlineData("log\n1\n" + Root + "\ntime 2026-03-01T12:00:00Z\n")]
    [InlineData("log\n9223372036854775807\n" + Root + "\ntime 2026-03-01T12:00:00Z\nmore\n")]
    public void Those_of_other_logs_read_and_print_as_they_stand(string text) => Assert.Equal(text, Encoding.UTF8.GetString(Read(text).ToText()));

    public static TheoryData<string> Wrong =>
    [
        "",
        "log\n1\n",
        "log\n1\n" + Root,
        "log\n1\n" + Root + "\n\n",
        "\n1\n" + Root + "\n",
        "a log\n1\n" + Root + "\n",
        "a+log\n1\n" + Root + "\n",
        "log\n01\n" + Root + "\n",
        "log\n-1\n" + Root + "\n",
        "log\n+1\n" + Root + "\n",
        "log\n 1\n" + Root + "\n",
        "log\n1.0\n" + Root + "\n",
        "log\n9223372036854775808\n" + Root + "\n",
        "log\n1\n" + Root + "=\n",
        "log\n1\n" + Root[..^1] + "\n",
        "log\n1\n" + Root.Replace("U=", "V=", StringComparison.Ordinal) + "\n",
        "log\n1\nAAAA\n",
        "log\n1\n" + Root + "\nchain " + Chain.ToUpperInvariant() + "\n",
        "log\n1\n" + Root + "\nchain " + Chain + "\nchain " + Chain + "\n",
        "log\n1\n" + Root + "\nchain abc\n",
        "log\n1\n" + Root + "\ntime 2026-03-01T12:00:00Z\nchain " + Chain + "\n",
        "log\n1\n" + Root + "\ntime 2026-03-01T12:00:00.5Z\n",
        "log\n1\n" + Root + "\ntime 2026-03-01T13:00:00+01:00\n",
        "log\n1\n" + Root + "\ntime 2026-03-01T12:00:00z\n",
        "log\n1\n" + Root + "\ntime 2026-03-01T12:00:00Z\ntime 2026-03-01T12:00:00Z\n",
        "log\n1\n" + Root + "\n" + new string('x', Checkpoint.MaxBytes) + "\n",
    ];

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_no_checkpoint_is_refused_with_a_reason(string text)
    {
        Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes(text), out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void The_same_state_at_another_time_agrees_and_another_root_or_chain_does_not()
    {
        Assert.True(Ours.AgreesWith(Ours with { Time = Make.Now.AddMinutes(1) }));
        Assert.True(Ours.AgreesWith(Ours with { Chain = null }));
        Assert.False(Ours.AgreesWith(Ours with { Chain = TreeHash.Empty }));
        Assert.False(Ours.AgreesWith(Ours with { Root = LedgerHash.Genesis(Make.Org) }));
        Assert.False(Ours.AgreesWith(Ours with { Size = 1 }));
        Assert.False(Ours.AgreesWith(Ours with { Origin = "other" }));
    }

    [Fact]
    public void An_origin_with_a_space_is_not_printed() => Assert.Throws<InvalidOperationException>(() => (Ours with { Origin = "a b" }).ToText());

    static Checkpoint Read(string text) => Checkpoint.TryParse(Encoding.UTF8.GetBytes(text), out var checkpoint, out var why) ? checkpoint : throw new FormatException(why);
}
