using CertFunctions.Core.Publishing;
using CertFunctions.Testing;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Core.Tests.Publishing;

public sealed class FolderArchiveTests : ArchiveContract
{
    readonly TempFolder folder = new();

    string Root => folder.File("archive");

    protected override Task<IArchive> OpenAsync() => Task.FromResult<IArchive>(new FolderArchive(Root));

    public override Task DisposeAsync()
    {
        folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Nothing_is_left_aside_after_a_put()
    {
        await Archive.PutAsync("a/b", new byte[10], default);
        await Archive.PutAsync("a/b", new byte[10], default);
        await Archive.PutAsync("a/b", new byte[11], default);

        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "~new")));
    }

    [Fact]
    public async Task What_a_dead_process_left_aside_is_neither_listed_nor_in_the_way()
    {
        Directory.CreateDirectory(Path.Combine(Root, "~new"));
        for (var n = 0; n < 2000; n++)
            File.WriteAllText(Path.Combine(Root, "~new", $"{Environment.ProcessId}-{n}"), "half");

        Assert.Equal(ArchivePut.Written, await Archive.PutAsync("a/b", new byte[10], default));

        Assert.Equal(["a/"], await Archive.ListAsync("", null, 10, default));
    }

    [Fact]
    public async Task A_file_longer_than_anything_published_is_not_read_into_memory()
    {
        Directory.CreateDirectory(Root);
        using (var file = new FileStream(Path.Combine(Root, "huge"), FileMode.Create))
            file.SetLength(FolderArchive.MaxBytes + 1L);

        await Assert.ThrowsAsync<IOException>(() => Archive.ReadAsync("huge", default));
        await Assert.ThrowsAsync<IOException>(() => Archive.PutAsync("huge", new byte[1], default));
    }

    [SkippableFact]
    public async Task Files_and_folders_are_the_owners_alone()
    {
        await Archive.PutAsync("a/b/c", new byte[1], default);
        if (OperatingSystem.IsWindows())
            throw new SkipException("Windows has no such modes");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Root, "a", "b", "c")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(Root, "a", "b")));
    }

    [Fact]
    public async Task Where_no_folder_can_be_the_put_fails_and_says_where()
    {
        await File.WriteAllTextAsync(Root, "a file");

        await Assert.ThrowsAnyAsync<IOException>(() => Archive.PutAsync("a/b", new byte[1], default));
    }
}
