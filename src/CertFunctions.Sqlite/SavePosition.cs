namespace CertFunctions.Sqlite;

/// <summary>A reader's place in a feed.</summary>
sealed class SavePosition(string reader, string position) : WriteUnit
{
    readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Done => done.Task;

    public override void Apply(WriteSession session) => session.SavePosition.Bind(1, reader).Bind(2, position).Run();

    public override void Settle() => done.SetResult();

    public override void Fail(Exception e) => done.SetException(e);
}

/// <summary>A reader's place, where it has not moved meanwhile. Looking and writing are one unit of the one writer, so nothing comes between.</summary>
sealed class MovePosition(string reader, string? expected, string position) : WriteUnit
{
    readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    bool moved;

    public Task<bool> Done => done.Task;

    public override void Apply(WriteSession session)
    {
        moved = Find(session) == expected;
        if (moved)
            session.SavePosition.Bind(1, reader).Bind(2, position).Run();
    }

    string? Find(WriteSession session)
    {
        var find = session.FindPosition.Bind(1, reader);
        try
        {
            return find.Step() ? find.Text(0) : null;
        }
        finally
        {
            find.Reset();
        }
    }

    public override void Settle() => done.SetResult(moved);

    public override void Fail(Exception e) => done.SetException(e);
}
