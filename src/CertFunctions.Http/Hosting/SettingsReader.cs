using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace CertFunctions.Http.Hosting;

/// <summary>Reads settings one by one and remembers what is wrong with them, so that a start tells all of it at once.</summary>
sealed class SettingsReader(IConfiguration configuration)
{
    readonly List<string> problems = [];

    public IReadOnlyList<string> Problems => problems;

    /// <summary>The value; null where there is none, or nothing but blanks.</summary>
    public string? Optional(Setting setting)
    {
        var value = configuration[setting.Key];
        if (string.IsNullOrWhiteSpace(value))
            return null;
        // The platform leaves a reference that it could not resolve as it stands, and it must not pass for a key.
        if (value.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add($"{setting.Name}: its Key Vault reference was not resolved: check that the secret is there and that the app's identity may read it");
            return null;
        }

        return value.Trim();
    }

    /// <summary>The value; a problem, and an empty text, where there is none.</summary>
    public string Required(Setting setting)
    {
        var before = problems.Count;
        if (Optional(setting) is { } value)
            return value;
        if (problems.Count == before)
            Refuse(setting, "is missing");
        return "";
    }

    /// <summary>The value as <paramref name="parse"/> reads it; a problem where it cannot.</summary>
    public T? Required<T>(Setting setting, Func<string, T?> parse)
    {
        var text = Required(setting);
        if (text.Length == 0)
            return default;
        if (parse(text) is { } value)
            return value;
        Refuse(setting, "is not right");
        return default;
    }

    /// <summary>A secret of 32 bytes or more, written as hex or base64.</summary>
    public byte[] Secret(Setting setting) => Required(setting, text => Bytes(text) is { Length: >= 32 } bytes ? bytes : null) ?? [];

    /// <summary>How many items a list has: they are numbered from 0 on without a gap.</summary>
    public int Count(Setting first)
    {
        var list = configuration.GetSection(first.Key[..first.Key.IndexOf(':', StringComparison.Ordinal)]);
        var numbers = list.GetChildren().Select(c => c.Key).ToList();
        for (var item = 0; item < numbers.Count; item++)
        {
            if (!numbers.Contains(item.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            {
                problems.Add($"{first.At(item).Name}: is missing while there are others of the list: number them 0, 1, 2 … without a gap");
                return 0;
            }
        }

        return numbers.Count;
    }

    public void Refuse(Setting setting, string what) => problems.Add($"{setting.Name}: {what}: write {setting.Mend}");

    public void Add(string problem) => problems.Add(problem);

    static byte[]? Bytes(string text)
    {
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(text);
        return Base64.IsValid(text) ? Convert.FromBase64String(text) : null;
    }

    /// <summary>A P-256 private key, in PEM or the base64 of its PKCS#8; null where it is not one. Returned as PKCS#8.</summary>
    public static byte[]? PrivateKey(string text)
    {
        using var key = ECDsa.Create();
        try
        {
            // A secret's line feeds do not survive every way into a setting.
            if (text.StartsWith("-----", StringComparison.Ordinal))
                key.ImportFromPem(text.Replace("\\n", "\n", StringComparison.Ordinal));
            else
                key.ImportPkcs8PrivateKey(Convert.FromBase64String(text), out _);
            return key.ExportParameters(includePrivateParameters: true).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value ? key.ExportPkcs8PrivateKey() : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}
