using CertFunctions.Core.Events;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Events;

public sealed class Rfc3339Tests
{
    static readonly Gen<DateTimeOffset> Times =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        from grain in Gen.Elements(1L, 10L, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerSecond)
        let ticks = (((long)high << 31) | (uint)low) % (DateTime.MaxValue.Ticks + 1)
        select new DateTimeOffset(ticks - ticks % grain, TimeSpan.Zero);

    [Fact]
    public void What_is_printed_reads_back_as_the_same_time() =>
        Prop.ForAll(Times.ToArbitrary(), time => Rfc3339.TryParse(Rfc3339.Format(time), out var back) && back == time && back.Offset == TimeSpan.Zero)
            .QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_printed_has_no_zero_at_the_end_of_its_fraction() =>
        Prop.ForAll(Times.ToArbitrary(), time => Rfc3339.Format(time) is var text && text.EndsWith('Z') && (text.Length == 20 || (text[19] == '.' && text[^2] != '0' && text.Length is > 21 and <= 28)))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01t12:00:00z", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T12:00:00-00:00", "2026-03-01T12:00:00Z")]
    [InlineData("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00Z")]
    [InlineData("2026-12-31T23:59:59.500-05:30", "2027-01-01T05:29:59.5Z")]
    [InlineData("2026-03-01T12:00:00.1234567Z", "2026-03-01T12:00:00.1234567Z")]
    [InlineData("2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.1234567Z")]
    [InlineData("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    public void A_time_with_a_zone_is_read_and_printed_in_utc(string text, string printed)
    {
        Assert.True(Rfc3339.TryParse(text, out var time));
        Assert.Equal(printed, Rfc3339.Format(time));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2026-03-01")]
    [InlineData("2026-03-01T12:00:00")]
    [InlineData("2026-03-01 12:00:00Z")]
    [InlineData("2026-03-01T12:00Z")]
    [InlineData("2026-3-1T12:00:00.000Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-01-00T00:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2026-03-01T24:00:00Z")]
    [InlineData("2026-03-01T12:60:00Z")]
    [InlineData("2026-03-01T12:00:60Z")]
    [InlineData("2026-03-01T12:00:00.Z")]
    [InlineData("2026-03-01T12:00:00,5Z")]
    [InlineData("2026-03-01T12:00:00.1234567890Z")]
    [InlineData("2026-03-01T12:00:00+0100")]
    [InlineData("2026-03-01T12:00:00+24:00")]
    [InlineData("2026-03-01T12:00:00+01:60")]
    [InlineData("2026-03-01T12:00:00Zx")]
    [InlineData(" 2026-03-01T12:00:00Z")]
    [InlineData("２０２６-03-01T12:00:00Z")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    public void Anything_else_is_refused(string? text) => Assert.False(Rfc3339.TryParse(text, out _));
}
