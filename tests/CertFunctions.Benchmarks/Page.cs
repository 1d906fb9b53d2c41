using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>
/// A page of 50 of a timeline, warm: the same sample of subjects is read again and again, one read in ten of the hot subject (which begins somewhere
/// in the middle of it, by cursor). Each large store takes turns with the one of ten thousand events. A read's time is the median of its rounds, so that
/// being put aside by the machine for a moment, which is as likely on either store, does not pass for a slow page; percentiles are over the reads.
/// </summary>
sealed class Page(Scale scale)
{
    const int Limit = 50, Sample = 500;

    int Reads => scale.Quick ? 500 : 3000;

    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var rows = new List<Row>();
        var small = await scale.Stores.GetAsync(scale.PageSizes[0]);
        foreach (var size in scale.PageSizes.Skip(1))
        {
            var large = await scale.Stores.GetAsync(size);
            var bar = size == scale.PageSizes[^1] ? Bar.Most(4) : null;
            await using (SqliteStore a = Open(large), b = Open(small))
                rows.AddRange(await MeasureAsync("store", size, bar, new StoreReads(a, size).ReadAsync, new StoreReads(b, scale.PageSizes[0]).ReadAsync));
            using (Service a = await Service.StartAsync(large), b = await Service.StartAsync(small))
            using (HttpReads x = new(a, size), y = new(b, scale.PageSizes[0]))
                rows.AddRange(await MeasureAsync("HTTP", size, bar, x.ReadAsync, y.ReadAsync));
        }

        return rows;
    }

    async Task<IReadOnlyList<Row>> MeasureAsync(string through, long size, Bar? bar, Func<int, Task> large, Func<int, Task> small)
    {
        List<double[]> larges = [], smalls = [];
        for (var round = 0; round <= scale.Rounds; round++)
        {
            larges.Add(await TurnAsync(large));
            smalls.Add(await TurnAsync(small));
        }

        var (a, b) = (Sorted(larges), Sorted(smalls));
        Row At(int percent, Bar? held) => new("page", string.Create(CultureInfo.InvariantCulture, $"p{percent} through {through}, {size:#,0} events"), Unit.Microseconds, a[Reads * percent / 100])
        {
            LimitName = string.Create(CultureInfo.InvariantCulture, $"{scale.PageSizes[0]:#,0} events"),
            Limit = b[Reads * percent / 100],
            Bar = held,
        };
        return [At(50, null), At(99, bar)];
    }

    /// <summary>Each read's median over its rounds but the first, which warms up; in ascending order.</summary>
    double[] Sorted(List<double[]> rounds) => [.. Enumerable.Range(0, Reads).Select(i => Interleave.Median(rounds.Skip(1).Select(r => r[i]))).Order()];

    async Task<double[]> TurnAsync(Func<int, Task> read)
    {
        var times = new double[Reads];
        for (var i = 0; i < Reads; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await read(i);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        return times;
    }

    static SqliteStore Open(string folder) => SqliteStore.Open(new SqliteOptions { Path = FilledStores.Database(folder) });

    /// <summary>The subject of a read, of a sample spread over all there are; null for the hot one.</summary>
    static string? Subject(int read, long events)
    {
        if (read % 10 == 0)
            return null;
        var subjects = FilledStores.Subjects(events);
        return Workload.Certificate((long)(read * 7919L % Math.Min(Sample, subjects) * (subjects / (double)Math.Min(Sample, subjects))));
    }

    /// <summary>Where in the hot subject a read begins.</summary>
    static long Place(int read, long events) => Limit + 1 + read * 7919L % (Math.Min(events, 10_000) / 10 - Limit);

    sealed class StoreReads(SqliteStore store, long events)
    {
        readonly TimelineCursor cursors = new(Workload.Key);

        public async Task ReadAsync(int read)
        {
            var subject = Subject(read, events);
            var query = new TimelineQuery { Address = new SubjectAddress(Workload.Org, Workload.Project, Core.Events.Subject.Parse(Core.Events.Subject.Certificate, subject ?? FilledStores.HotSubject)) };
            var cursor = subject is null ? cursors.Encode(query, events / 20 + Place(read, events)) : null;
            var page = await new ReadTimeline(store.Events, cursors).HandleAsync(query, cursor, Limit, CancellationToken.None);
            if (page is not TimelinePage.Read { Events.Count: Limit })
                throw new InvalidOperationException("a page is not what it should be");
        }
    }

    /// <summary>The same over one keep-alive connection, of the answer only its length looked at.</summary>
    sealed class HttpReads : IDisposable
    {
        readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        readonly byte[] answer = new byte[1 << 20];
        readonly Service service;
        readonly long events;

        public HttpReads(Service service, long events)
        {
            (this.service, this.events) = (service, events);
            socket.Connect(IPAddress.Loopback, service.Url.Port);
        }

        public Task ReadAsync(int read)
        {
            var subject = Subject(read, events) ?? FilledStores.HotSubject;
            socket.Send(Encoding.ASCII.GetBytes($"GET /api/v1/projects/default/certificates/{subject}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {service.Key}\r\n\r\n"));
            var (received, status, whole) = (0, 0, int.MaxValue);
            while (received < whole)
            {
                received += socket.Receive(answer.AsSpan(received));
                if (whole == int.MaxValue)
                    (status, whole) = Answer.Read(answer.AsSpan(0, received));
            }

            return status == 200 && received > 20_000 ? Task.CompletedTask : throw new InvalidDataException(Encoding.UTF8.GetString(answer, 0, Math.Min(received, 2000)));
        }

        public void Dispose() => socket.Dispose();
    }
}
