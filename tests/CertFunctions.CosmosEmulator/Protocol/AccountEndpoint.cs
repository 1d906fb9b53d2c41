using CertFunctions.Emulation.Cost;

namespace CertFunctions.Emulation.Protocol;

/// <summary>What the SDK reads first: one region, session consistency, this address. No thin client is advertised.</summary>
static class AccountEndpoint
{
    const string QueryEngine = """
        {"maxSqlQueryInputLength":262144,"maxJoinsPerSqlQuery":10,"maxLogicalAndPerSqlQuery":2000,"maxLogicalOrPerSqlQuery":2000,"maxUdfRefPerSqlQuery":10,"maxInExpressionItemsCount":16000,"queryMaxInMemorySortDocumentCount":500,"maxQueryRequestTimeoutFraction":0.9,"sqlAllowNonFiniteNumbers":false,"sqlAllowAggregateFunctions":true,"sqlAllowSubQuery":false,"sqlAllowScalarSubQuery":false,"allowNewKeywords":true,"sqlAllowLike":false,"sqlAllowGroupByClause":false,"maxSpatialQueryCells":12,"spatialMaxGeometryPointCount":256,"sqlDisableOptimizationFlags":0,"sqlAllowTop":true,"enableSpatialIndexing":true}
        """;

    public static Answer Read(string endpoint) => Answer.Json(
        200,
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("_self", string.Empty);
            writer.WriteString("id", "localhost");
            writer.WriteString("_rid", "localhost");
            writer.WriteString("media", "//media/");
            writer.WriteString("addresses", "//addresses/");
            writer.WriteString("_dbs", "//dbs/");
            foreach (var locations in (string[])["writableLocations", "readableLocations"])
            {
                writer.WriteStartArray(locations);
                writer.WriteStartObject();
                writer.WriteString("name", "Emulator");
                writer.WriteString("databaseAccountEndpoint", endpoint);
                writer.WriteEndObject();
                writer.WriteEndArray();
            }

            writer.WriteBoolean("enableMultipleWriteLocations", false);
            WritePolicy(writer, "userReplicationPolicy");
            WritePolicy(writer, "systemReplicationPolicy");
            writer.WriteStartObject("userConsistencyPolicy");
            writer.WriteString("defaultConsistencyLevel", "Session");
            writer.WriteEndObject();
            writer.WriteStartObject("readPolicy");
            writer.WriteNumber("primaryReadCoefficient", 1);
            writer.WriteNumber("secondaryReadCoefficient", 1);
            writer.WriteEndObject();
            writer.WriteString("queryEngineConfiguration", QueryEngine);
            writer.WriteEndObject();
        },
        RequestCharge.Metadata);

    static void WritePolicy(System.Text.Json.Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        writer.WriteBoolean("asyncReplication", false);
        writer.WriteNumber("minReplicaSetSize", 1);
        writer.WriteNumber("maxReplicasetSize", 1);
        writer.WriteEndObject();
    }
}
