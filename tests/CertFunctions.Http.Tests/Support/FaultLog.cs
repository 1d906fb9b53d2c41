using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Http.Tests.Support;

/// <summary>Keeps what the service logs as an error: a request that makes it log one has found a bug, whatever it was answered.</summary>
sealed class FaultLog : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<string> faults = [];

    public IReadOnlyCollection<string> Faults => faults;

    public void Clear() => faults.Clear();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            faults.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
