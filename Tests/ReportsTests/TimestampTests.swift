import Reports
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1_768_521_600_000, "2026-01-16T00:00:00Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_825_600_000, "2000-02-29T12:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (4_102_444_800_000, "2100-01-01T00:00:00Z"),
        (1_765_756_812_345, "2025-12-15T00:00:12.345Z"),
    ])
    func `a moment is written and read as RFC 3339 has it`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "2026-01-16", "2026-02-30T00:00:00Z", "2026-01-16T24:00:00Z", "2026-01-16 00:00:00Z",
        "2026-01-16T00:00:00.000Z", "2026-01-16T00:00:00+00:00",
    ])
    func `nothing else is read`(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
