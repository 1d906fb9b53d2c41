namespace CertFunctions.Emulation.Protocol;

/// <summary>A refusal in the service's own shape: a status, a code, a sub-status and a message.</summary>
sealed class ServiceException(int status, string code, string message, int subStatus = 0) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public int SubStatus => subStatus;

    public static ServiceException BadRequest(string message, int subStatus = 0) => new(400, "BadRequest", message, subStatus);

    public static ServiceException NotFound(string what, int subStatus = 0) => new(404, "NotFound",
        $"Entity with the specified id does not exist in the system: {what}. More info: https://aka.ms/cosmosdb-tsg-not-found", subStatus);

    public static ServiceException Conflict(string message) => new(409, "Conflict", message);

    public static ServiceException RangeGone(string range) => new(410, "Gone",
        $"The requested resource is no longer available at the server: partition key range '{range}' has split or never was.", 1002);

    public static ServiceException NotEmulated(string feature) => new(501, "NotImplemented", $"This emulator does not emulate {feature}.");
}
