using System.Buffers;
using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary>
/// <c>GET /ledger/entries?start=0&amp;limit=1000</c>: the org's ledger as NDJSON, a <see cref="LedgerLine"/> each, in index order. Fewer lines than
/// asked for, or none, mean the end of what is chained now. <c>GET /ledger/head</c>: its size and last hash.
/// </summary>
public sealed class GetLedgerEntries(Door door, ILedgerStore store)
{
    public const int MaxLimit = 1000;

    public Task<IResult> HandleAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, caller => ReadAsync(http, caller.Org));

    public Task<IResult> HandleHeadAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, caller => ReadHeadAsync(http, caller.Org));

    async Task<IResult> ReadAsync(HttpContext http, OrgId org)
    {
        var errors = new FieldErrors();
        long start = 0, limit = MaxLimit;
        foreach (var (name, values) in http.Request.Query)
        {
            if (name == "start")
                start = Number(name, values.ToString(), 0, long.MaxValue, errors);
            else if (name == "limit")
                limit = Number(name, values.ToString(), 1, MaxLimit, errors);
            else
                errors.Add(FieldErrors.Short(name), "is not a parameter of this call: it takes start and limit");
        }

        if (errors.Any)
            return Problem.InvalidParameter([.. errors.All]);
        var entries = await store.ReadAsync(org, start, (int)limit, http.RequestAborted).ConfigureAwait(false);
        var lines = new ArrayBufferWriter<byte>(1024 * (entries.Count + 1));
        foreach (var entry in entries)
            LedgerLine.Write(entry, lines);
        return new JsonBytes(200, lines.WrittenMemory, "application/x-ndjson");
    }

    async Task<IResult> ReadHeadAsync(HttpContext http, OrgId org)
    {
        var (head, _) = await store.CatchUpAsync(org, [], http.RequestAborted).ConfigureAwait(false);
        var json = string.Create(CultureInfo.InvariantCulture, $$"""{"ledger":"{{org}}","size":{{head.Size}},"hash":"{{head.Hash}}"}""");
        return new JsonBytes(200, System.Text.Encoding.ASCII.GetBytes(json));
    }

    static long Number(string name, string value, long least, long most, FieldErrors errors)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        errors.Add(name, $"must be a whole number, {least} or more{(most == long.MaxValue ? "" : $", at most {most}")}");
        return least;
    }
}
