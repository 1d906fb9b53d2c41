using System.Buffers;

namespace CertFunctions.Emulation.Storage;

/// <summary>The rule for ids of databases, containers and documents.</summary>
static class ResourceName
{
    const int MostCharacters = 255;

    static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\?#");

    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= MostCharacters } && !id.AsSpan().ContainsAny(Forbidden) && !id.EndsWith(' ');

    /// <summary>Document ids may be longer: 1,023 bytes.</summary>
    public static bool IsValidDocumentId(string? id) =>
        id is { Length: > 0 and <= 1023 } && !id.AsSpan().ContainsAny(Forbidden);
}
