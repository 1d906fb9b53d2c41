using System.Text;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Http.Wire;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>Bodies of which no event can be read. Nothing of them is stored, and the service goes on.</summary>
public sealed class BadBodyTests : HttpTest
{
    static readonly byte[] Good = Encoding.UTF8.GetBytes(Make.Json("c1", id: "e1"));

    [Fact]
    public async Task A_body_that_says_it_is_too_large_is_413_before_it_is_sent()
    {
        using var connection = await RawConnection.OpenAsync(Service.Url);
        await connection.PostHeadAsync($"Content-Length: {RequestBody.MaxBytes + 1}");
        Is(await connection.ReadAsync(), 413, "body-too-large");
        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3_000_000)]
    public async Task A_chunked_body_that_turns_out_too_large_is_413(int over)
    {
        using var connection = await RawConnection.OpenAsync(Service.Url);
        await connection.PostHeadAsync("Transfer-Encoding: chunked");
        var rest = RequestBody.MaxBytes + over;
        try
        {
            await connection.ChunkAsync(Good);
            for (rest -= Good.Length; rest > 0; rest -= 512 * 1024)
                await connection.ChunkAsync(Enumerable.Repeat((byte)' ', Math.Min(rest, 512 * 1024)).ToArray());
            await connection.ChunkAsync([]);
        }
        catch (IOException)
        {
            // It answered and hung up before we had said it all, as it may.
        }

        Is(await connection.ReadAsync(), 413, "body-too-large");
        await ServiceGoesOnAsync(0);
    }

    [Fact]
    public async Task A_chunked_body_within_the_limit_is_read()
    {
        using var connection = await RawConnection.OpenAsync(Service.Url);
        await connection.PostHeadAsync("Transfer-Encoding: chunked");
        foreach (var part in Good.Chunk(7))
            await connection.ChunkAsync(part);
        await connection.WriteAsync("0\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 201 ", await connection.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nine_megabytes_by_an_ordinary_client_are_413_or_a_broken_connection_and_nothing_is_stored()
    {
        try
        {
            (await Service.PostAsync([.. Good, .. new byte[9 * 1024 * 1024]])).IsProblem(413, "body-too-large");
        }
        catch (HttpRequestException)
        {
            // The service need not read what it will not take; a client that is still sending then sees the connection close.
        }

        await ServiceGoesOnAsync(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60)]
    public Task A_body_that_ends_before_its_length_stores_nothing(int sent) => EndsEarlyAsync(Good[..sent], Good.Length);

    [Fact]
    public Task A_whole_event_in_a_body_that_ends_before_its_length_is_not_stored() => EndsEarlyAsync(Good, Good.Length + 1);

    async Task EndsEarlyAsync(byte[] sent, int length)
    {
        using var connection = await RawConnection.OpenAsync(Service.Url);
        await connection.PostHeadAsync($"Content-Length: {length}");
        await connection.WriteAsync(sent);
        connection.EndSending();
        var answer = await connection.ReadAsync();
        if (answer.Length > 0)
            Is(answer, 400, "bad-request");
        await ServiceGoesOnAsync(0);
    }

    [Theory]
    [InlineData("Content-Length: 1000")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task A_client_that_goes_away_in_the_middle_leaves_nothing_and_is_no_fault_of_the_service(string header)
    {
        for (var i = 0; i < 200; i++)
        {
            using var connection = await RawConnection.OpenAsync(Service.Url);
            await connection.PostHeadAsync(header);
            await (header.StartsWith('T') ? connection.ChunkAsync(Good) : connection.WriteAsync(Good));
            connection.Reset();
        }

        await ServiceGoesOnAsync(0);
    }

    [Fact]
    public async Task A_chunk_that_is_none_is_400()
    {
        using var connection = await RawConnection.OpenAsync(Service.Url);
        await connection.PostHeadAsync("Transfer-Encoding: chunked");
        await connection.ChunkAsync(Good);
        await connection.WriteAsync("nonsense\r\n"u8.ToArray());
        Is(await connection.ReadAsync(), 400, "bad-request");
        await ServiceGoesOnAsync(0);
    }

    [Fact]
    public async Task JSON_cut_off_at_any_byte_is_a_malformed_body_that_says_where()
    {
        for (var length = 1; length < Good.Length; length++)
        {
            var answer = (await Service.PostAsync(Good[..length])).IsProblem(400, "malformed-body");
            Assert.Contains("Not valid JSON at line 1, byte", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("{\"type\":}", 1, 9)]
    [InlineData("{\n  \"type\": oops\n}", 2, 11)]
    [InlineData("{} {}", 1, 4)]
    [InlineData("{\"a\":1,}", 1, 8)]
    [InlineData("// no\n{}", 1, 1)]
    [InlineData("{'a':1}", 1, 2)]
    [InlineData("NaN", 1, 1)]
    [InlineData("{\"a\":\"tab\there\"}", 1, 10)]
    [InlineData("{\"a\":01}", 1, 7)]
    public async Task What_is_no_JSON_is_told_with_line_and_byte(string body, int line, int at)
    {
        var answer = (await Service.PostAsync(body)).IsProblem(400, "malformed-body");
        Assert.StartsWith($"Not valid JSON at line {line}, byte {at}: ", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100_000)]
    [InlineData(1_300_000)]
    public async Task A_body_nested_deeper_than_is_read_is_malformed(int depth)
    {
        (await Service.PostAsync(new string('[', depth) + new string(']', depth))).IsProblem(400, "malformed-body");
        (await Service.PostAsync(string.Concat(Enumerable.Repeat("{\"a\":", depth)))).IsProblem(400, "malformed-body");
        await ServiceGoesOnAsync(0);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("\"event\"")]
    [InlineData("null")]
    [InlineData("true")]
    public async Task JSON_that_is_no_object_is_no_event(string body) => (await Service.PostAsync(body)).IsProblem(400, "invalid-event", "");

    [Fact]
    public async Task UTF16_and_Latin1_are_refused_in_words_and_not_with_a_500()
    {
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32 })
            (await Service.PostAsync([.. encoding.GetPreamble(), .. encoding.GetBytes(Make.Json())])).IsProblem(400, "malformed-body");
        (await Service.PostAsync(Encoding.Latin1.GetBytes(Make.Json(data: """{"format":"pem","ip":"Zürich"}""")))).IsProblem(400, "invalid-event", "data.ip");
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task Compressed_bytes_are_no_JSON()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Good);
        (await Service.PostAsync(packed.ToArray())).IsProblem(400, "malformed-body");
    }

    async Task ServiceGoesOnAsync(int stored)
    {
        Assert.Equal(stored, (await Service.StoredAsync()).Count);
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c9"))).Status);
        Assert.Equal(stored + 1, (await Service.StoredAsync()).Count);
    }

    static void Is(string said, int status, string kind)
    {
        Assert.StartsWith($"HTTP/1.1 {status} ", said, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", said, StringComparison.Ordinal);
        Assert.Contains($"urn:certfunctions:problem:{kind}", said, StringComparison.Ordinal);
    }
}
