namespace CertFunctions.Emulation.Protocol;

/// <summary>The sub-statuses (<c>x-ms-substatus</c>) the SDK decides by.</summary>
static class SubStatus
{
    public const int PartitionKeyMismatch = 1001;
    public const int SessionNotAvailable = 1002;
    public const int OwnerNotFound = 1003;
    public const int RequestRateTooLarge = 3200;
}
