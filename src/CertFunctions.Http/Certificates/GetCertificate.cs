using System.Globalization;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Certificates;

/// <summary><c>GET …/certificates/{id}</c>: a certificate's state now, at a seq or at a time; <c>…/diff</c>: what changed from one point to another (R29).</summary>
public sealed class GetCertificate(Door door, ReadCertificate handler, TimeProvider clock)
{
    const string AtSeq = "at_seq", At = "at", FromSeq = "from_seq", FromAt = "from_at", ToSeq = "to_seq", ToAt = "to_at";

    public Task<IResult> HandleAsync(HttpContext http, string project, string id) => EnterAsync(http, project, id, address => ReadAsync(http, address));

    public Task<IResult> HandleDiffAsync(HttpContext http, string project, string id) => EnterAsync(http, project, id, address => DiffAsync(http, address));

    Task<IResult> EnterAsync(HttpContext http, string project, string id, Func<SubjectAddress, Task<IResult>> inside) =>
        door.EnterAsync(http, Access.Access.Read, project, (caller, projectId) => Subject.TryParse(Subject.Certificate, id, out var subject)
            ? inside(new SubjectAddress(caller.Org, projectId, subject))
            : Task.FromResult<IResult>(SubjectProblem.Of(Subject.Certificate)));

    async Task<IResult> ReadAsync(HttpContext http, SubjectAddress address)
    {
        var points = new Points(http.Request.Query, AtSeq, At);
        var point = points.Take(AtSeq, At);
        if (points.Errors.Any)
            return Problem.InvalidParameter([.. points.Errors.All]);
        if (await handler.HandleAsync(address, point, http.RequestAborted).ConfigureAwait(false) is not { } found)
            return Problem.NoSuchCertificate;
        // As of a seq it stands as that event left it; as of a time, as a reader was shown it then.
        DateTimeOffset? readAt = point switch { CertificatePoint.Now => clock.GetUtcNow(), CertificatePoint.Time time => time.Value, _ => null };
        return JsonBytes.Of(json => CertificateJson.Write(json, address.Subject.Id, found, readAt, null));
    }

    async Task<IResult> DiffAsync(HttpContext http, SubjectAddress address)
    {
        var points = new Points(http.Request.Query, FromSeq, FromAt, ToSeq, ToAt);
        var (from, to) = (points.Take(FromSeq, FromAt), points.Take(ToSeq, ToAt));
        if (!points.Names(FromSeq, FromAt))
            points.Errors.Add(FromSeq, "is missing: say from where, with from_seq (0 is the beginning) or from_at");
        if (points.Errors.Any)
            return Problem.InvalidParameter([.. points.Errors.All]);
        if (await handler.DiffAsync(address, from, to, http.RequestAborted).ConfigureAwait(false) is not { } changes)
            return Problem.NoSuchCertificate;
        return JsonBytes.Of(json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, address.Subject.Id);
            json.WriteNumber("from_seq"u8, changes.Before.Seq);
            json.WriteNumber("to_seq"u8, changes.After.Seq);
            json.WriteStartArray("changes"u8);
            foreach (var difference in changes.Differences)
                CertificateJson.Write(json, difference);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>The points that a query string names, read strictly.</summary>
    sealed class Points
    {
        readonly Dictionary<string, string> values = [];

        public Points(IQueryCollection query, params string[] known)
        {
            foreach (var (name, all) in query)
            {
                if (!known.Contains(name))
                    Errors.Add(FieldErrors.Short(name), $"is not a parameter of this call: it takes {string.Join(", ", known)}");
                else if (all.Count > 1)
                    Errors.Add(name, "comes more than once: send it once");
                else
                    values[name] = all.ToString();
            }
        }

        public FieldErrors Errors { get; } = new();

        public bool Names(params ReadOnlySpan<string> any)
        {
            foreach (var name in any)
            {
                if (values.ContainsKey(name))
                    return true;
            }

            return false;
        }

        /// <summary>The point that one of the two names; now where neither is there.</summary>
        public CertificatePoint Take(string seqName, string timeName)
        {
            if (values.ContainsKey(seqName) && values.ContainsKey(timeName))
                Errors.Add(timeName, $"must not come together with {seqName}: name one point");
            if (values.TryGetValue(seqName, out var seqText))
            {
                if (long.TryParse(seqText, NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
                    return new CertificatePoint.Seq(seq);
                Errors.Add(seqName, "must be a whole number, 0 or more");
            }
            else if (values.TryGetValue(timeName, out var timeText))
            {
                if (PageParameters.Time(timeName, timeText, Errors) is { } time)
                    return new CertificatePoint.Time(time);
            }

            return new CertificatePoint.Now();
        }
    }
}
