using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Serve;

/// <summary>
/// When to say that certificates end, as an operator sets it: JSON with <c>thresholds</c> (days) and <c>share</c>, and under <c>projects</c> the same for projects that
/// have their own; what is left out is the default.
/// </summary>
static class ExpirySettings
{
    /// <summary>Names the file, or holds the JSON itself.</summary>
    public const string Variable = "CERTFN_EXPIRY";

    const long MaxBytes = 4 * 1024 * 1024;

    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The policies in <paramref name="file"/>, else those in <see cref="Variable"/>, else the default. <see cref="MendableException"/> says what to mend.</summary>
    public static ExpiryPolicies Load(string? file, OrgId org)
    {
        var named = file ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrWhiteSpace(named))
            return ExpiryPolicies.Default;
        return file is null && named.TrimStart().StartsWith('{') ? Parse(named, Variable, org) : Parse(Read(named), named, org);
    }

    /// <summary>The policies that <paramref name="text"/> says; <paramref name="source"/> is what a message calls it.</summary>
    public static ExpiryPolicies Parse(string text, string source, OrgId org)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            var general = Policy(document.RootElement, "", ExpiryPolicy.Default, source, "projects");
            var own = new Dictionary<(OrgId, ProjectId), ExpiryPolicy>();
            if (document.RootElement.TryGetProperty("projects", out var projects))
            {
                if (projects.ValueKind != JsonValueKind.Object)
                    throw Wrong(source, "projects must be an object with a member for each project that has thresholds of its own");
                foreach (var project in projects.EnumerateObject())
                {
                    if (!ProjectId.TryParse(project.Name, out var id))
                        throw Wrong(source, $"'{FieldErrors.Short(project.Name)}' under projects is not the name of a project");
                    own[(org, id)] = Policy(project.Value, $"projects.{project.Name}.", general, source);
                }
            }

            return new ExpiryPolicies(general, own);
        }
        catch (JsonException e)
        {
            throw Wrong(source, $"it is not JSON: {e.Message}");
        }
    }

    static ExpiryPolicy Policy(JsonElement json, string path, ExpiryPolicy otherwise, string source, string? also = null)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Wrong(source, $"{(path.Length == 0 ? "it" : path.TrimEnd('.'))} must be an object with thresholds and share");
        var (thresholds, share) = (otherwise.Thresholds, otherwise.Share);
        foreach (var member in json.EnumerateObject())
        {
            if (member.Name == "thresholds")
                thresholds = Days(member.Value) ?? throw Wrong(source, $"{path}thresholds must be a list of whole numbers of days, such as [30, 14, 7, 3, 1]");
            else if (member.Name == "share")
                share = member.Value.ValueKind == JsonValueKind.Number ? member.Value.GetDouble() : throw Wrong(source, $"{path}share must be a number, more than 0 and at most 1");
            else if (member.Name != also)
                throw Wrong(source, $"{path}{FieldErrors.Short(member.Name)} is not a setting: there are thresholds and share{(also is null ? "" : $", and {also}")}");
        }

        return ExpiryPolicy.Of([.. thresholds], share, out var wrong) ?? throw Wrong(source, path + wrong);
    }

    static IReadOnlyList<int>? Days(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
            return null;
        var days = new List<int>();
        foreach (var item in json.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var number))
                return null;
            days.Add(number);
        }

        return days;
    }

    static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes ? File.ReadAllText(path) : throw Wrong(path, "it is too large to be settings");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The expiry settings {path} cannot be read: {e.Message}", e, ExitCode.Usage);
        }
    }

    static MendableException Wrong(string source, string what) => new($"The expiry settings in {source} are not right: {what}.", exitCode: ExitCode.Usage);
}
