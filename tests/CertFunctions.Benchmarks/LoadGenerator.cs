using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CertFunctions.Benchmarks;

/// <summary>What one turn of load is: so many connections, each with one request of so many events under way at a time, for so long.</summary>
sealed record Load(int Port, string Key, int Connections, int Batch, TimeSpan Time, long First)
{
    public string Print() => string.Create(CultureInfo.InvariantCulture, $"{Port} {Key} {Connections} {Batch} {Time.TotalMilliseconds:0} {First}");

    public static Load Parse(string line)
    {
        var parts = line.Split(' ');
        return new Load(Int(parts[0]), parts[1], Int(parts[2]), Int(parts[3]), TimeSpan.FromMilliseconds(Int(parts[4])), long.Parse(parts[5], CultureInfo.InvariantCulture));
    }

    static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>
/// Posts events over raw sockets, the same to the service and to the empty server: requests are built once and only their ids' digits change, of an
/// answer no more than status and length are looked at. A process of its own, which takes a <see cref="Load"/> per line and answers events and seconds.
/// </summary>
static class LoadGenerator
{
    public static Child Start() => Child.Helper("--load", ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"), ("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1"));

    /// <summary>Has a generator do a turn; events acknowledged, and events per second.</summary>
    public static async Task<(long Events, double PerSecond)> TurnAsync(Child generator, Load load)
    {
        await generator.Input.WriteLineAsync(load.Print());
        await generator.Input.FlushAsync();
        var answer = (await generator.Output.ReadLineAsync() ?? throw new InvalidOperationException("the load generator ended")).Split(' ');
        var events = long.Parse(answer[0], CultureInfo.InvariantCulture);
        return (events, events / double.Parse(answer[1], CultureInfo.InvariantCulture));
    }

    public static async Task<int> RunAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var load = Load.Parse(line);
            var next = load.First;
            var connections = new List<Connection>();
            for (var i = 0; i < load.Connections; i++)
                connections.Add(await Connection.OpenAsync(load));
            var started = Stopwatch.GetTimestamp();
            var counts = await Task.WhenAll(connections.Select(c => c.RunAsync(started, load.Time, () => Interlocked.Add(ref next, load.Batch) - load.Batch)));
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            connections.ForEach(c => c.Dispose());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counts.Sum()} {seconds}"));
        }

        return 0;
    }

    sealed class Connection : IDisposable
    {
        const int Subjects = 5_000;

        readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        readonly byte[] request;
        readonly List<(int Id, int Subject)> places = [];
        readonly byte[] answer = new byte[256 * 1024];

        Connection(Load load)
        {
            var body = new StringBuilder();
            for (var i = 0; i < load.Batch; i++)
                body.Append(Workload.Json(Workload.Certificate(0), Workload.Id(0), i)).Append(load.Batch == 1 ? "" : "\n");
            var type = load.Batch == 1 ? "application/json" : "application/x-ndjson";
            var head = string.Create(CultureInfo.InvariantCulture,
                $"POST /api/v1/projects/default/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {load.Key}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body.ToString())}\r\n\r\n");
            request = Encoding.UTF8.GetBytes(head + body);
            var (id, subject) = (Encoding.UTF8.GetBytes(Workload.Id(0)), Encoding.UTF8.GetBytes(Workload.Certificate(0)));
            for (var at = head.Length; request.AsSpan(at).IndexOf(id) is >= 0 and var i; at += i + id.Length)
                places.Add((at + i + id.Length - 12, at + i + request.AsSpan(at + i).IndexOf(subject) + subject.Length - 8));
        }

        public static async Task<Connection> OpenAsync(Load load)
        {
            var connection = new Connection(load);
            await connection.socket.ConnectAsync(IPAddress.Loopback, load.Port);
            return connection;
        }

        public async Task<long> RunAsync(long started, TimeSpan time, Func<long> take)
        {
            long events = 0;
            while (Stopwatch.GetElapsedTime(started) < time)
            {
                Number(take());
                for (var sent = 0; sent < request.Length;)
                    sent += await socket.SendAsync(request.AsMemory(sent), SocketFlags.None);
                var (received, status, whole) = (0, 0, int.MaxValue);
                while (received < whole)
                {
                    var read = await socket.ReceiveAsync(answer.AsMemory(received), SocketFlags.None);
                    if (read == 0)
                        throw new IOException("the server closed the connection");
                    received += read;
                    if (whole == int.MaxValue)
                        (status, whole) = Answer.Read(answer.AsSpan(0, received));
                }

                if (status != 201)
                    throw new InvalidDataException(Encoding.UTF8.GetString(answer, 0, received));
                events += places.Count;
            }

            return events;
        }

        public void Dispose() => socket.Dispose();

        void Number(long number)
        {
            foreach (var (id, subject) in places)
            {
                Utf8Formatter.TryFormat(number, request.AsSpan(id, 12), out _, new System.Buffers.StandardFormat('x', 12));
                Utf8Formatter.TryFormat(number % Subjects, request.AsSpan(subject, 8), out _, new System.Buffers.StandardFormat('D', 8));
                number++;
            }
        }
    }
}

/// <summary>The little of an HTTP answer that is looked at.</summary>
static class Answer
{
    /// <summary>Status, and bytes of the whole answer; <see cref="int.MaxValue"/> while its head is not there yet.</summary>
    public static (int Status, int Whole) Read(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return (0, int.MaxValue);
        var at = bytes[..head].IndexOf("Content-Length: "u8);
        return Utf8Parser.TryParse(bytes[9..12], out int status, out _) && at >= 0 && Utf8Parser.TryParse(bytes[(at + 16)..], out int length, out _)
            ? (status, head + 4 + length)
            : throw new InvalidDataException("an answer without status or Content-Length");
    }
}
