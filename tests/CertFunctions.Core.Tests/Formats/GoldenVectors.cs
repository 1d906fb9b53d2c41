using System.Text.Json;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Formats;

/// <summary>The vectors of <c>tests/independent/vectors</c>: written from the format pages, never by the code under test.</summary>
static class GoldenVectors
{
    public static string Folder { get; } = Repository.File("tests", "independent", "vectors");

    public static TheoryData<string> Names(string format) => [.. Load(format).Select(v => v.GetProperty("name").GetString()!)];

    public static JsonElement Get(string format, string name) => Load(format).Single(v => v.GetProperty("name").GetString() == name);

    public static string Text(this JsonElement vector, string member) => vector.GetProperty(member).GetString()!;

    public static byte[] Bytes(this JsonElement vector, string member) => Convert.FromHexString(vector.Text(member));

    static JsonElement[] Load(string format)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, format + ".json")));
        return [.. document.RootElement.GetProperty("vectors").Clone().EnumerateArray()];
    }
}
