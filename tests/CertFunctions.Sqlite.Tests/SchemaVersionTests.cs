using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Verification;
using CertFunctions.Sqlite.Verification;
using CertFunctions.Testing;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests;

/// <summary>A file of version 1, written by the program of that time, and rows whose states another version wrote.</summary>
public sealed class SchemaVersionTests : IDisposable
{
    readonly TempFolder folder = new();

    string Database => folder.File("a.db");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_of_version_1_gets_its_certificates_from_its_events_and_keeps_its_ledger()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Data", "version-1.db"), Database);
        Assert.Equal(1, Scalar("PRAGMA user_version"));

        for (var opened = 0; opened < 2; opened++)
        {
            await using var store = SqliteStore.Open(new SqliteOptions { Path = Database });
            for (var i = 0; i < 12; i++)
            {
                var address = Make.Certificate($"c{i}", project: ProjectId.Parse(i % 3 == 0 ? "mail" : "web"));
                var events = (await store.Events.ReadTimelineAsync(new TimelineQuery { Address = address, Order = TimelineOrder.OldestFirst }, null, 100, default)).Events;
                var head = (await store.Certificates.ReadAsync(address, default))!;
                Assert.Equal(1 + i, head.Seq);
                Assert.Equal(CertificateFold.Of(events), head.State);
                Assert.Equal(ExpiryPlan.NextDue(head.State, ExpiryPolicy.Default), head.Due);
            }

            var web = await store.Certificates.ListAsync(new CertificateQuery { Org = Make.Org, Project = Make.Project, Now = Make.Now, Name = "h1.example.com" }, null, 100, default);
            Assert.NotEmpty(web.Certificates);
            Assert.All(web.Certificates, h => Assert.Equal(["h1.example.com"], h.State.Names.Kept));
        }

        Assert.Equal(2, Scalar("PRAGMA user_version"));
        var report = Assert.Single(new VerifyDatabase(Database, Make.Keys).Run());
        Assert.Equal((Verdict.Valid, 79L, 0L), (report.Verdict, report.Entries, report.Pending));
    }

    [Fact]
    public void A_file_of_version_1_can_be_verified_without_being_changed()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Data", "version-1.db"), Database);

        Assert.Equal(Verdict.Valid, Assert.Single(new VerifyDatabase(Database, Make.Keys).Run()).Verdict);

        Assert.Equal(1, Scalar("PRAGMA user_version"));
    }

    [Theory]
    [InlineData("""{"v":99,"names":["wrong.example.com"]}""")]
    [InlineData("no state")]
    public async Task A_state_of_another_version_is_made_anew_when_it_is_touched(string other)
    {
        await using (var store = SqliteStore.Open(new SqliteOptions { Path = Database }))
            await store.Events.AppendAsync([Issued("c1"), Issued("c2"), Issued("c3"), Make.Stamped("c1"), Make.Stamped("c2"), Make.Stamped("c3")], default);
        using (var connection = Connect())
        {
            using var update = connection.CreateCommand();
            update.CommandText = "UPDATE certificates SET state = @state; UPDATE certificate_names SET name = 'wrong.example.com'";
            update.Parameters.AddWithValue("@state", System.Text.Encoding.UTF8.GetBytes(other));
            update.ExecuteNonQuery();
        }

        await using (var store = SqliteStore.Open(new SqliteOptions { Path = Database }))
        {
            Assert.Equal(CertificateStatus.Active, (await store.Certificates.ReadAsync(Make.Certificate("c3"), default))!.State.Status);
            Assert.IsType<AppendOutcome.Appended>((await store.Events.AppendAsync([Make.Stamped("c1")], default))[0]);
            Assert.True(await store.Certificates.RescheduleAsync(Make.Certificate("c2"), 2, Make.Now.AddDays(60), default));
            var named = await store.Certificates.ListAsync(new CertificateQuery { Org = Make.Org, Project = Make.Project, Now = Make.Now, Name = "a.example.com" }, null, 10, default);
            Assert.Equal(["c1", "c2"], named.Certificates.Select(h => h.Address.Subject.Id));
        }

        Assert.Equal(1, Scalar("SELECT COUNT(*) FROM certificate_names WHERE name = 'wrong.example.com'"));
        Assert.Equal(2, Scalar("SELECT COUNT(*) FROM certificates WHERE CAST(state AS TEXT) LIKE '{\"v\":1,%'"));
    }

    static StampedEvent Issued(string subject) => Make.Stamped(subject, type: "cert.issued", data: $$"""
        {"fingerprint":"{{new string('a', 64)}}","not_before":"{{Rfc3339.Format(Make.Now)}}","not_after":"{{Rfc3339.Format(Make.Now.AddDays(90))}}","subject_alt_names":["a.example.com"]}
        """);

    SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        return connection;
    }

    long Scalar(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
