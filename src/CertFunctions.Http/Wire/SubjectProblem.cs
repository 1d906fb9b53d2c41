using CertFunctions.Core.Events;

namespace CertFunctions.Http.Wire;

/// <summary>A path that names no subject.</summary>
static class SubjectProblem
{
    public static Problem Of(string kind) => Subject.IsKind(kind)
        ? Problem.InvalidParameter(new FieldError("id", $"must be {Subject.IdGrammar}"))
        : Problem.InvalidParameter(new FieldError("kind", $"must be {Subject.KindGrammar}"));
}
