namespace CertFunctions.Http.Hosting;

/// <summary>Settings that cannot be used, each with what to do about it. The message is for a person and repeats no value.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems) : Exception(
    $"The service cannot start with these settings:{string.Concat(problems.Select(p => $"{Environment.NewLine}  {p}"))}")
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
