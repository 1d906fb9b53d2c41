using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Certificates;

/// <summary>A certificate's events as a test tells them, each a day after the one before unless it says when.</summary>
sealed class History
{
    static readonly SubjectAddress Address = new(OrgId.Parse("acme"), ProjectId.Parse("web"), Subject.Parse(Subject.Certificate, "c1"));

    public static readonly DateTimeOffset Start = Make.Now;

    DateTimeOffset now = Start.AddDays(-1);

    public CertificateState State { get; private set; } = CertificateState.None;

    /// <summary>The next event; <paramref name="occurred"/> and <paramref name="recorded"/> are days after <see cref="Start"/>.</summary>
    public History Then(string type, string data = "{}", double? occurred = null, double? recorded = null)
    {
        now = recorded is { } days ? Start.AddDays(days) : now.AddDays(1);
        State = State.Apply(CertificateChange.Of(Address.Subject, type, System.Text.Encoding.UTF8.GetBytes(data), occurred is { } at ? Start.AddDays(at) : now, now)!);
        return this;
    }

    /// <summary>A certificate came: it begins with <see cref="Start"/> and ends so many days later.</summary>
    public History Issued(char fingerprint = 'a', double ends = 90, string more = "", string type = "cert.issued", double? occurred = null, double? recorded = null) =>
        Then(type, $$"""{"fingerprint":"{{new string(fingerprint, 64)}}","not_before":"{{Time(0)}}","not_after":"{{Time(ends)}}"{{more}}}""", occurred, recorded);

    public History Renewed(char fingerprint, double ends, double? occurred = null, double? recorded = null) => Issued(fingerprint, ends, ",\"trigger\":\"scheduler\"", "cert.renewed", occurred, recorded);

    public History Failed(double? occurred = null, double? recorded = null) => Then("cert.renewal_failed", """{"attempt":1,"error_class":"network"}""", occurred, recorded);

    public static string Time(double days) => Rfc3339.Format(Start.AddDays(days));
}
