using System.Text;
using System.Text.Json;
using CertFunctions.Core.Tests.Support;

namespace CertFunctions.Core.Tests.Formats;

public sealed class CanonicalVectorTests
{
    public static TheoryData<string> Names => GoldenVectors.Names("canonical");

    [Theory]
    [MemberData(nameof(Names))]
    public void RFC_8785_is_followed_and_what_has_no_form_is_refused(string name)
    {
        var vector = GoldenVectors.Get("canonical", name);
        var json = vector.TryGetProperty("hex", out _) ? vector.Bytes("hex") : Encoding.UTF8.GetBytes(vector.Text("json"));

        Assert.Equal(vector.GetProperty("canonical").GetString(), Canonical.Of(json).Text);
    }

    [Fact]
    public void The_number_table_of_the_RFC_names_the_doubles_it_prints() =>
        Assert.All(((IEnumerable<object[]>)Names).Select(row => GoldenVectors.Get("canonical", (string)row[0])).Where(v => v.TryGetProperty("bits", out _)), vector =>
            Assert.Equal(BitConverter.Int64BitsToDouble(Convert.ToInt64(vector.Text("bits"), 16)), JsonDocument.Parse(vector.Text("canonical")).RootElement.GetDouble()));
}
