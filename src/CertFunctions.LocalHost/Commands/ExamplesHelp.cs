using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace CertFunctions.LocalHost.Commands;

/// <summary>A verb's help, and below it how it is used: the examples stand with the verb, not in the list of all verbs.</summary>
sealed class ExamplesHelp(HelpAction inner) : SynchronousCommandLineAction
{
    static readonly Dictionary<string, string> Examples = new()
    {
        ["demo"] = """
              certfn demo                                  with the CA certificates this machine trusts
              certfn demo --certs ./certs --keep           with your own, and stay up afterwards
              certfn demo --store cosmos                   on the Cosmos DB emulator that comes with the tests
            """,
        ["serve"] = """
              certfn serve                                 on http://127.0.0.1:7071
              certfn serve --urls http://127.0.0.1:0       on a free port, told in the data folder's 'address'
              certfn serve --store cosmos                  on the account in CERTFN_COSMOS
              certfn serve --sweep-every 15m --expiry FILE  FILE: {"thresholds":[30,14,7,3,1],"share":0.33,"projects":{"web":{"thresholds":[60,30]}}}
            """,
        ["import"] = """
              certfn import /etc/ssl/certs                 a folder, with all below it
              certfn import chain.pem leaf.der --project web
              certfn import shop.example:443 --chain       what a TLS server presents, expired or not
              certfn import --system                       the operating system's certificate stores
              certfn import inventory.csv                  columns: fingerprint, not_before, not_after; also id, subject, issuer, serial_number, names
              certfn import keys.p12 --password-file FILE  or with the password in CERTFN_PKCS12_PASSWORD
            """,
        ["timeline"] = """
              certfn timeline FINGERPRINT
              certfn timeline router-9 --kind device --type renewal_failed,renewal_success --limit 10
            """,
        ["certificates"] = """
              certfn certificates --project web
              certfn certificates --status active --expiring-within 30d --name .example.com
            """,
        ["certificate"] = """
              certfn certificate FINGERPRINT
              certfn certificate FINGERPRINT --at 2026-03-01T00:00:00Z
              certfn certificate FINGERPRINT --at-seq 3 --diff      what changed since
            """,
        ["sweep"] = """
              certfn sweep --dry-run                       what would be said now
              certfn sweep --dry-run --at 2027-01-01T00:00:00Z --json
              certfn sweep                                 say it
            """,
        ["verify"] = """
              certfn verify                                the data folder, with its keys
              certfn verify http://127.0.0.1:7071          a running service
              certfn verify siem/local.jsonl               what a SIEM was sent
              certfn verify shop.example.evidence          an evidence bundle, offline
              certfn verify --trust policy.json --archive /mnt/worm/ledger

            Exit code 0 only if every ledger is valid.
            """,
        ["drill"] = """
              certfn drill                                 what would be found, and what would not
              certfn drill --entries 5000 --json
            """,
        ["export"] = """
              certfn export --out ledger.jsonl             then, elsewhere: certfn verify ledger.jsonl
            """,
        ["provision"] = """
              CERTFN_COSMOS=https://ACCOUNT.documents.azure.com certfn provision --database certfunctions
            """,
    };

    public static void Add(RootCommand root)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction help)
                option.Action = new ExamplesHelp(help);
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        var result = inner.Invoke(parseResult);
        if (Examples.TryGetValue(parseResult.CommandResult.Command.Name, out var examples))
            parseResult.InvocationConfiguration.Output.WriteLine($"Examples:\n{examples}\n");
        return result;
    }
}
