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
