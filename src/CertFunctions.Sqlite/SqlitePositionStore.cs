using CertFunctions.Core.Siem;

namespace CertFunctions.Sqlite;

/// <summary>The readers' positions, in the same file.</summary>
sealed class SqlitePositionStore(SqliteWriter? writer, ReadSessions sessions) : IPositionStore
{
    public Task<string?> GetAsync(string reader, CancellationToken cancellationToken) => sessions.ReadAsync(
        session =>
        {
            var find = session.Position.Bind(1, reader);
            try
            {
                return find.Step() ? find.Text(0) : null;
            }
            finally
            {
                find.Reset();
            }
        },
        cancellationToken);

    public async Task SaveAsync(string reader, string position, CancellationToken cancellationToken)
    {
        var unit = new SavePosition(reader, position);
        while (!writer.OrRefuse().TryEnqueue(unit))
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        await unit.Done.ConfigureAwait(false);
    }

    public async Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken)
    {
        var unit = new MovePosition(reader, expected, position);
        while (!writer.OrRefuse().TryEnqueue(unit))
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        return await unit.Done.ConfigureAwait(false);
    }
}
