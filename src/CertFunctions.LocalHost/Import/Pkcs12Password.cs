using System.Text;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Import;

/// <summary>
/// The password for PKCS#12 files, from where others do not see it: a file, an environment variable, or a person at the terminal. Never from the command line,
/// which every user of the machine can read.
/// </summary>
sealed class Pkcs12Password
{
    public const string Variable = "CERTFN_PKCS12_PASSWORD";

    const int MaxFileBytes = 64 * 1024;

    readonly bool mayAsk;
    string? secret;

    Pkcs12Password(string? secret, string origin, bool mayAsk) => (this.secret, Origin, this.mayAsk) = (secret, origin, mayAsk);

    /// <summary>Where the password came from, as a message names it.</summary>
    public string Origin { get; private set; }

    public static Pkcs12Password None { get; } = new(null, "", mayAsk: false);

    /// <summary>Whether a person will be asked, so that nothing else should write to the terminal meanwhile.</summary>
    public bool MayAsk => mayAsk;

    /// <summary>
    /// The password in <paramref name="file"/> (its first line), else the one in <see cref="Variable"/>, else, where a source is named as PKCS#12 files are and
    /// someone is there, one to be asked for when it is needed.
    /// </summary>
    public static Pkcs12Password From(string? file, IEnumerable<string> sources)
    {
        if (file is not null)
            return new Pkcs12Password(Load(file), $"the password in {file}", mayAsk: false);
        return Environment.GetEnvironmentVariable(Variable) is { } named
            ? new Pkcs12Password(named, $"the password in {Variable}", mayAsk: false)
            : new Pkcs12Password(null, "the password entered", mayAsk: sources.Any(IsPkcs12) && !Console.IsInputRedirected && Terminal.IsWatched);
    }

    /// <summary>The password; null where there is none and nobody to ask.</summary>
    public string? Get(string path)
    {
        if (secret is null && mayAsk)
            secret = Terminal.Out.Prompt(new TextPrompt<string>($"Password of {Markup.Escape(path)} (and of the others after it):").Secret(null).AllowEmpty());
        return secret;
    }

    static bool IsPkcs12(string source) => Path.GetExtension(source).ToLowerInvariant() is ".p12" or ".pfx";

    static string Load(string file)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFileBytes)
                throw new MendableException($"{file} is too large for a password: name the file that holds just that.", exitCode: ExitCode.Usage);
            using var lines = new StreamReader(file, Encoding.UTF8);
            return lines.ReadLine() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The password file {file} cannot be read: {e.Message}", e, ExitCode.Usage);
        }
    }
}
