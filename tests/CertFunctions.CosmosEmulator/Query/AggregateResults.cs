using System.Text.Json;

namespace CertFunctions.Emulation.Query;

/// <summary>The running values of a query's aggregates over the rows of one partition.</summary>
sealed class AggregateResults(IReadOnlyList<SqlExpression.Aggregate> aggregates)
{
    readonly Running[] running = [.. aggregates.Select(_ => new Running())];

    public SqlValue this[int slot] => running[slot].Result(aggregates[slot].Name);

    public void Add(JsonElement document)
    {
        for (var i = 0; i < running.Length; i++)
            running[i].Add(SqlEvaluator.PerDocument.Evaluate(aggregates[i].Operand, document));
    }

    sealed class Running
    {
        long count;
        double sum;
        bool allNumbers = true;
        bool allComparable = true;
        SqlValue smallest;
        SqlValue greatest;

        /// <summary>What is undefined does not count, as the service has it.</summary>
        public void Add(SqlValue value)
        {
            if (value.IsUndefined) return;
            if (value.Kind == SqlKind.Number) sum += value.Number;
            else allNumbers = false;
            if (value.Kind is SqlKind.Array or SqlKind.Object) allComparable = false;
            if (count == 0 || SqlValue.Compare(value, smallest) < 0) smallest = value;
            if (count == 0 || SqlValue.Compare(value, greatest) > 0) greatest = value;
            count++;
        }

        public SqlValue Result(string name) => name switch
        {
            "COUNT" => SqlValue.Of(count),
            "SUM" => allNumbers ? SqlValue.Of(sum) : SqlValue.Undefined,
            "AVG" => allNumbers && count > 0 ? SqlValue.Of(sum / count) : SqlValue.Undefined,
            "MIN" => allComparable ? smallest : SqlValue.Undefined,
            "MAX" => allComparable ? greatest : SqlValue.Undefined,
            _ => SqlValue.Undefined,
        };
    }
}
