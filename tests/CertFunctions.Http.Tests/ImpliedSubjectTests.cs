using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

public sealed class ImpliedSubjectTests : HttpTest
{
    const string WithoutSubject = """{"id":"e1","type":"cert.downloaded","actor":{"type":"user","id":"u"},"data":{"format":"pem"}}""";

    [Theory]
    [InlineData("/certificates/c1/events")]
    [InlineData("/subjects/certificate/c1/events")]
    public async Task The_path_names_the_subject_the_body_leaves_out(string path)
    {
        Assert.Equal(201, (await Service.PostAsync(WithoutSubject, path)).Status);
        Assert.Equal(200, (await Service.PostAsync(Make.Json("c1", id: "e1", data: """{"format":"pem"}""").Replace("""{"type":"user","id":"u-17","name":"Ada L."}""", """{"type":"user","id":"u"}""", StringComparison.Ordinal))).Status);
        Assert.Equal("certificate:c1", Assert.Single(await Service.StoredAsync()).Address.Subject.ToString());
    }

    [Fact]
    public async Task A_body_that_agrees_with_the_path_is_taken() => Assert.Equal(201, (await Service.PostAsync(Make.Json("c1"), "/certificates/c1/events")).Status);

    [Theory]
    [InlineData("/certificates/c2/events")]
    [InlineData("/certificates/C1/events")]
    [InlineData("/subjects/device/c1/events")]
    public async Task A_body_that_names_another_subject_is_refused(string path)
    {
        var answer = await Service.PostAsync(Make.Json("c1"), path);
        Assert.Equal(400, answer.Status);
        Assert.Contains("subject", Problems.Fields(answer.Json));
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task It_goes_for_each_item_of_a_list()
    {
        (await Service.PostAsync($"[{WithoutSubject},{Make.Json("c1", id: "e2")},{Make.Json("c2", id: "e3")}]", "/certificates/c1/events")).IsList(207, 201, 201, 400);
        Assert.Equal([1, 2], (await Service.TimelineAsync("c1", "?order=asc")).Seqs);
    }

    [Fact]
    public async Task A_path_of_another_kind_wants_a_type_that_is_about_it()
    {
        (await Service.PostAsync(WithoutSubject, "/subjects/device/d1/events")).IsProblem(400, "invalid-event", "subject.kind");
        Assert.Equal(201, (await Service.PostAsync("""{"type":"key.generated","actor":{"type":"user","id":"u"}}""", "/subjects/key/k1/events")).Status);
        Assert.Single((await Service.GetAsync("/projects/web/subjects/key/k1/events")).Events);
    }

    [Theory]
    [InlineData("CN=Ä ö 漢字 +&=;,")]
    [InlineData("100%")]
    [InlineData("a b")]
    [InlineData("...")]
    [InlineData("<script>\"'")]
    public async Task An_id_of_any_visible_text_is_found_again_by_its_path(string id)
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json(id, id: "e1"))).Status);
        Assert.Equal(201, (await Service.PostAsync(WithoutSubject.Replace("e1", "e2", StringComparison.Ordinal), $"/certificates/{Uri.EscapeDataString(id)}/events")).Status);
        Assert.Equal([2, 1], (await Service.TimelineAsync(id)).Seqs);
    }

    [Theory]
    [InlineData("a%0Ab")]
    [InlineData("a%7Fb")]
    [InlineData("%20a")]
    [InlineData("a%E2%80%AEb")]
    [InlineData("a%3Fb")]
    [InlineData("a%23b")]
    [InlineData("a%5Cb")]
    [InlineData("a%2Fb")]
    [InlineData("a%2fb")]
    public async Task An_id_in_the_path_that_cannot_be_one_is_named(string id)
    {
        (await Service.PostAsync(WithoutSubject, $"/certificates/{id}/events")).IsProblem(400, "invalid-parameter", "id");
        (await Service.GetAsync($"/projects/web/certificates/{id}/events")).IsProblem(400, "invalid-parameter", "id");
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task An_id_that_is_too_long_and_a_kind_that_is_none_are_named()
    {
        (await Service.TimelineAsync(new string('a', 257))).IsProblem(400, "invalid-parameter", "id");
        Assert.Empty((await Service.TimelineAsync(new string('a', 256))).Events);
        (await Service.GetAsync("/projects/web/subjects/Certificate/c1/events")).IsProblem(400, "invalid-parameter", "kind");
        (await Service.PostAsync(WithoutSubject, "/subjects/a-b/c1/events")).IsProblem(400, "invalid-parameter", "kind");
    }
}
