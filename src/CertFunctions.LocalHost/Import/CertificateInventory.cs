using System.Globalization;
using CertFunctions.Core.Events;
using CsvHelper;

namespace CertFunctions.LocalHost.Import;

/// <summary>
/// A list of certificates as CSV, read row by row. The first row names the columns, in any order: <c>fingerprint</c>, <c>not_before</c> and <c>not_after</c> are
/// needed; <c>id</c>, <c>subject</c>, <c>issuer</c>, <c>serial_number</c> and <c>names</c> (separated by blanks, <c>;</c> or <c>|</c>) may be there; others are passed
/// over. Columns are separated by <c>,</c>, <c>;</c>, <c>|</c> or tabs. A row that is not right is reported by its number in the file, and the rest is read.
/// </summary>
static class CertificateInventory
{
    /// <summary>Most rows reported one by one at a stretch.</summary>
    const int MostBroken = 1000;

    const int MaxRowBytes = 256 * 1024;

    static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss'Z'"];

    public static IEnumerable<ImportFinding> Read(string path)
    {
        var broken = new List<ImportFinding>();
        var unlisted = 0;
        using var reader = Open(path, options => options with
        {
            // A quote that is never closed would otherwise make one row of all the rest.
            AllowLineBreaksInQuotes = false,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            TrimWhitespace = true,
            TrackLineNumbers = true,
            MaxRecordSize = MaxRowBytes,
            OnMalformedRecord = bad =>
            {
                if (broken.Count < MostBroken)
                    broken.Add(new ImportFinding.Unusable(Row(path, bad.LineNumber), Explain(bad.Reason)));
                else
                    unlisted++;
            },
        }, out var failure);
        Columns? columns = null;
        if (reader is not null)
        {
            columns = Guard(() => Columns.Of(reader, out failure), ref failure);
            while (columns is not null && Guard(reader.Read, ref failure))
            {
                foreach (var bad in Taken(broken))
                    yield return bad;
                yield return columns.Row(reader, Row(path, reader.LineNumber));
            }

            foreach (var bad in Taken(broken))
                yield return bad;
        }

        if (unlisted > 0)
            yield return new ImportFinding.Unusable(path, $"{unlisted.ToString(CultureInfo.InvariantCulture)} more rows are broken");
        if (failure is not null)
            yield return new ImportFinding.Unusable(path, failure);
    }

    static CsvReader? Open(string path, Func<CsvReaderOptions, CsvReaderOptions> configure, out string? failure)
    {
        string? why = null;
        var reader = Guard(() => CsvReader.FromFile(path, configure(new CsvReaderOptions())), ref why);
        failure = why;
        return reader;
    }

    /// <summary>A step of reading; what stops it becomes a sentence, and the step's nothing.</summary>
    static T? Guard<T>(Func<T> step, ref string? failure)
    {
        try
        {
            return step();
        }
        catch (CsvFormatException e)
        {
            failure = string.Create(CultureInfo.InvariantCulture, $"it cannot be read on from row {Math.Max(1, e.LineNumber)}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e.Message;
        }

        return default;
    }

    static List<ImportFinding> Taken(List<ImportFinding> broken)
    {
        List<ImportFinding> taken = [.. broken];
        broken.Clear();
        return taken;
    }

    static string Row(string path, long number) => string.Create(CultureInfo.InvariantCulture, $"{path}, row {number}");

    static string Explain(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.FieldCountMismatch => "it has not as many columns as the first row: put quotes around values that hold the separator",
        CsvMalformedReason.LineBreakInQuotes or CsvMalformedReason.UnterminatedQuote => "a quoted value in it is not closed on the same line",
        _ => "its quotes are not right: a value with quotes in it is quoted, and they are doubled",
    };

    /// <summary>Where each column is; -1 for one that is not there.</summary>
    sealed record Columns(int Id, int Fingerprint, int NotBefore, int NotAfter, int Subject, int Issuer, int SerialNumber, int Names)
    {
        public static Columns? Of(CsvReader reader, out string? failure)
        {
            reader.ReadHeader();
            var columns = new Columns(Find("id"), Find("fingerprint"), Find("not_before"), Find("not_after"), Find("subject"), Find("issuer"), Find("serial_number"), Find("names"));
            string[] missing = [.. new[] { ("fingerprint", columns.Fingerprint), ("not_before", columns.NotBefore), ("not_after", columns.NotAfter) }.Where(c => c.Item2 < 0).Select(c => c.Item1)];
            failure = missing.Length == 0 ? null
                : $"it is no inventory: the first row must name the columns, and {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} not among them (there may be id, subject, issuer, serial_number and names too)";
            return failure is null ? columns : null;

            int Find(string name) => reader.TryGetFieldIndex(name, out var index) ? index : -1;
        }

        public ImportFinding Row(CsvReader reader, string source)
        {
            var fingerprint = Text(Fingerprint).Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
            if (fingerprint.Length != 64 || !fingerprint.All(char.IsAsciiHexDigit))
                return Wrong("fingerprint must be the certificate's SHA-256, 64 hex digits, with or without colons");
            if (Time(Text(NotBefore)) is not { } notBefore)
                return Wrong($"not_before must be {Rfc3339.Grammar}, or a date such as 2026-03-01");
            if (Time(Text(NotAfter)) is not { } notAfter)
                return Wrong($"not_after must be {Rfc3339.Grammar}, or a date such as 2026-03-01");
            var id = Text(Id) is { Length: > 0 } own ? own : fingerprint;
            if (!Core.Events.Subject.IsId(id))
                return Wrong($"id must be {Core.Events.Subject.IdGrammar}");
            string subject = Text(Subject), issuer = Text(Issuer), serial = Text(SerialNumber), names = Text(Names);
            if ((subject + issuer + serial + names).Contains('\uFFFD', StringComparison.Ordinal))
                return Wrong("it is not in UTF-8: save the file as UTF-8");
            return new ImportFinding.Listed(source, new ListedCertificate
            {
                Id = id,
                Fingerprint = fingerprint,
                NotBefore = notBefore,
                NotAfter = notAfter,
                Subject = subject,
                Issuer = issuer,
                SerialNumber = serial,
                Names = names.Split([' ', ';', '|', ','], StringSplitOptions.RemoveEmptyEntries),
            });

            string Text(int column) => column < 0 ? "" : reader.GetString(column);

            ImportFinding.Unusable Wrong(string reason) => new(source, reason);
        }

        static DateTimeOffset? Time(string text)
        {
            if (Rfc3339.TryParse(text, out var time))
                return time;
            return DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time) ? time : null;
        }
    }
}
