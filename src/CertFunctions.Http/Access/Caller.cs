using CertFunctions.Core.Events;

namespace CertFunctions.Http.Access;

/// <summary>What a call may be for.</summary>
[Flags]
public enum Access
{
    None = 0,

    /// <summary>Submit events.</summary>
    Ingest = 1,

    /// <summary>Read events, timelines and state.</summary>
    Read = 2,

    /// <summary>Read the ledger and its proofs.</summary>
    Audit = 4,

    /// <summary>See and steer delivery.</summary>
    Operate = 8,

    All = Ingest | Read | Audit | Operate,
}

/// <summary>
/// Who is calling, as the credential says: everything a call touches is inside <paramref name="Org"/>, and inside one of
/// <paramref name="Projects"/> unless that is null.
/// </summary>
public sealed record Caller(string CredentialId, OrgId Org, IReadOnlySet<string>? Projects, Access Access)
{
    public bool May(Access access, ProjectId? project) =>
        (Access & access) == access && (project is null || Projects is null || Projects.Contains(project.Value.Value));
}

/// <summary>The credentials a host knows.</summary>
public interface ICredentials
{
    /// <summary>Whose bearer token this is; null for a token that is not, or no longer, valid. Takes the same time for every wrong token.</summary>
    ValueTask<Caller?> FindAsync(string bearer, CancellationToken cancellationToken);
}
