using System.Diagnostics;
using CertFunctions.Http.Hosting;
using CertFunctions.Testing;
using Microsoft.Extensions.Configuration;

namespace CertFunctions.Infra.Tests;

/// <summary>The script that makes the keys, run against a vault that is a folder: the Azure CLI is stood in for by a few lines of shell.</summary>
public sealed class KeyScriptTests
{
    const string AzureCli = """
        #!/usr/bin/env bash
        # keyvault secret show|set --vault-name V --name N …
        set -euo pipefail
        verb=$3; shift 3
        while [ $# -gt 0 ]; do case $1 in --name) name=$2;; --file) file=$2;; --query) query=$2;; esac; shift 2; done
        echo "$verb $name" >> "$VAULT/log"
        if [ -e "$VAULT/broken" ]; then echo "ERROR: getaddrinfo failed" >&2; exit 1; fi
        if [ -e "$VAULT/closed" ]; then
          mv "$VAULT/closed" "$VAULT/closing"; echo "ERROR: (Forbidden) Caller is not authorized to perform action on resource." >&2; exit 1
        elif [ -e "$VAULT/closing" ]; then
          rm "$VAULT/closing"; echo "ERROR: (Forbidden) Caller is not authorized to perform action on resource." >&2; exit 1
        fi
        if [ "$verb" = show ]; then
          [ -e "$VAULT/$name.secret" ] || { echo "ERROR: (SecretNotFound) A secret with (name/id) $name was not found in this key vault." >&2; exit 3; }
          if [ "$query" = value ]; then cat "$VAULT/$name.secret"; echo; else echo id; fi
        else
          if [ -e "$VAULT/$name.deleted" ]; then echo "ERROR: (Conflict) Secret $name is currently in a deleted but recoverable state" >&2; exit 1; fi
          cp "$file" "$VAULT/$name.secret"
        fi
        """;

    [SkippableFact]
    public async Task The_keys_it_makes_are_taken_by_the_service()
    {
        using var vault = new Vault();
        Assert.Equal(0, vault.Run("signing-1", "hmac-1").Code);
        Assert.Equal(["api-key", "api-key-hash", "cursor-key", "hmac-1", "signing-1"], vault.Secrets.Keys.Order(StringComparer.Ordinal));
        var values = new Dictionary<string, string?>();
        using (var sample = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Repository.File("local.settings.sample.json"))))
        {
            foreach (var setting in sample.RootElement.GetProperty("Values").EnumerateObject())
                values[setting.Name.Replace("__", ":", StringComparison.Ordinal)] = setting.Value.GetString();
        }

        // No emulator: here sample keys would be refused.
        values["Cosmos"] = null;
        values["Cosmos:accountEndpoint"] = "https://cosmos.example:443/";
        (values["HmacKeyId"], values["HmacKeys:0:Id"], values["HmacKeys:0:Key"]) = ("hmac-1", "hmac-1", vault.Secrets["hmac-1"]);
        (values["SigningKeys:0:Key"], values["CursorKey"], values["ApiKeys:0:Hash"]) = (vault.Secrets["signing-1"], vault.Secrets["cursor-key"], vault.Secrets["api-key-hash"]);
        var settings = HostSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        Assert.NotNull(await settings.ApiKeys.FindAsync(vault.Secrets["api-key"], default));
    }

    [SkippableFact]
    public void Run_again_it_changes_nothing_and_a_new_id_adds_a_key()
    {
        using var vault = new Vault();
        Assert.Equal(0, vault.Run("signing-1", "hmac-1").Code);
        var before = vault.Secrets;
        Assert.Equal(0, vault.Run("signing-1", "hmac-1").Code);
        Assert.Equal(before, vault.Secrets);
        Assert.Equal(0, vault.Run("signing-1", "signing-2", "hmac-1", "hmac-2").Code);
        Assert.Equal(before, vault.Secrets.Where(s => !s.Key.EndsWith("-2", StringComparison.Ordinal)).ToDictionary());
        Assert.NotEqual(before["hmac-1"], vault.Secrets["hmac-2"]);
        Assert.NotEqual(before["signing-1"], vault.Secrets["signing-2"]);
    }

    [SkippableFact]
    public void Half_a_run_is_finished_by_the_next()
    {
        using var vault = new Vault();
        Assert.Equal(0, vault.Run("hmac-1").Code);
        var before = vault.Secrets;
        vault.Forget("api-key-hash");
        Assert.Equal(0, vault.Run("hmac-1").Code);
        Assert.Equal(before, vault.Secrets);
    }

    [SkippableFact]
    public void A_vault_that_does_not_answer_is_not_taken_for_an_empty_one()
    {
        using var vault = new Vault();
        vault.Put("broken");
        var (code, output) = vault.Run("hmac-1");
        Assert.NotEqual(0, code);
        Assert.Contains("getaddrinfo", output, StringComparison.Ordinal);
        Assert.DoesNotContain("set ", vault.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_grant_that_is_not_known_everywhere_yet_is_waited_for()
    {
        using var vault = new Vault();
        vault.Put("closed");
        Assert.Equal(0, vault.Run("hmac-1").Code);
        Assert.Equal(4, vault.Secrets.Count);
        Assert.StartsWith("show hmac-1\nshow hmac-1\nshow hmac-1\nset hmac-1\n", vault.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_deleted_key_is_not_replaced_by_a_new_one()
    {
        using var vault = new Vault();
        vault.Put("hmac-1.deleted");
        var (code, output) = vault.Run("hmac-1");
        Assert.NotEqual(0, code);
        Assert.Contains("recoverable", output, StringComparison.Ordinal);
        Assert.Empty(vault.Secrets);
    }

    [SkippableFact]
    public void No_value_is_seen_on_the_way()
    {
        using var vault = new Vault();
        var (_, output) = vault.Run("signing-1", "hmac-1");
        foreach (var value in vault.Secrets.Values)
            Assert.DoesNotContain(value, output + vault.Log, StringComparison.Ordinal);
    }

    sealed class Vault : IDisposable
    {
        readonly TempFolder folder = new();
        readonly TempFolder programs = new();

        public Vault()
        {
            Skip.IfNot(OnPath("bash") && OnPath("openssl"), "bash or openssl is not there");
            var az = Path.Combine(programs.Path, "az");
            File.WriteAllText(az, AzureCli.ReplaceLineEndings("\n") + "\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(az, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        public Dictionary<string, string> Secrets => Directory.EnumerateFiles(folder.Path, "*.secret").ToDictionary(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);

        public string Log => File.ReadAllText(Path.Combine(folder.Path, "log"));

        public void Put(string name) => File.WriteAllText(Path.Combine(folder.Path, name), "");

        public void Forget(string name) => File.Delete(Path.Combine(folder.Path, name + ".secret"));

        public (int Code, string Output) Run(params string[] ids)
        {
            var start = new ProcessStartInfo("bash", [Repository.File("infra-bicep", "make-keys.sh"), "vault", .. ids]) { RedirectStandardError = true, RedirectStandardOutput = true };
            start.Environment["PATH"] = $"{programs.Path}:{Environment.GetEnvironmentVariable("PATH")}";
            start.Environment["VAULT"] = folder.Path;
            start.Environment["MAKE_KEYS_PAUSE"] = "0";
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd() + error.Result;
            process.WaitForExit();
            return (process.ExitCode, output);
        }

        public void Dispose()
        {
            folder.Dispose();
            programs.Dispose();
        }

        static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(p => File.Exists(Path.Combine(p, program)));
    }
}
