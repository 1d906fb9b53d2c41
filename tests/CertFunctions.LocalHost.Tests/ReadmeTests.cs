using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>What the README tells people to type works as it stands there.</summary>
public sealed class ReadmeTests
{
    static IReadOnlyList<string> Extracted() => ReadmeSnippets.Extract(File.ReadAllText(Repository.File("README.md")));

    /// <summary>The blocks that have something to run, by their number on the page.</summary>
    public static TheoryData<int> Blocks => [.. Extracted().Index().Where(b => ReadmeSnippets.Runnable(b.Item).Length > 0).Select(b => b.Index)];

    [SkippableTheory]
    [MemberData(nameof(Blocks))]
    public async Task Each_sh_block_runs_to_its_end(int number)
    {
        Skip.IfNot(ReadmeSnippets.Has("bash"), "there is no bash here");
        var block = Extracted()[number];
        Skip.If(block.Contains("curl", StringComparison.Ordinal) && !ReadmeSnippets.Has("curl"), "there is no curl here");
        var ended = await ReadmeSnippets.RunAsync(block);
        Assert.True(ended.Code == 0, $"exit code {ended.Code} of\n{block}\n--- output\n{ended.Out}\n--- error\n{ended.Error}");
    }

    [Fact]
    public void Only_sh_blocks_are_taken_and_only_whole_ones()
    {
        Assert.Equal(["a\nb", "d"], ReadmeSnippets.Extract("x\n```sh\na\nb\n```\n```\nc\n```\n```console\n$ c\n```\n```sh\r\nd\r\n```\n"));
        Assert.Equal("certfn verify", ReadmeSnippets.Runnable("dotnet test\ncertfn verify\ngit status"));
        Assert.Throws<FormatException>(() => ReadmeSnippets.Extract("```sh\na\n"));
    }

    [SkippableFact]
    public async Task A_block_that_fails_anywhere_is_found_to_fail()
    {
        Skip.IfNot(ReadmeSnippets.Has("bash"), "there is no bash here");
        Assert.Equal(0, (await ReadmeSnippets.RunAsync("certfn --version")).Code);
        Assert.NotEqual(0, (await ReadmeSnippets.RunAsync("certfn improt\ncertfn --version")).Code);
        Assert.NotEqual(0, (await ReadmeSnippets.RunAsync("certfn verify")).Code);
    }

    [SkippableFact]
    public async Task A_service_in_the_background_can_be_used_by_the_next_line_and_does_not_outlive_the_block()
    {
        Skip.IfNot(ReadmeSnippets.Has("bash"), "there is no bash here");
        var ended = (await ReadmeSnippets.RunAsync("certfn serve &   # http://127.0.0.1:7071\ncertfn timeline nobody\ncertfn verify http://127.0.0.1:7071\necho pid=$!")).Exits(0);
        Assert.Contains("No events.", ended.Out, StringComparison.Ordinal);
        var pid = int.Parse(ended.Out.Split("pid=")[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Throws<ArgumentException>(() => System.Diagnostics.Process.GetProcessById(pid));
    }
}
