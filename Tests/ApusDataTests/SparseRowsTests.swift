import ApusData
import Testing

@Suite("Sparse rows")
struct SparseRowsTests {
  private func make(starts: [Int32], columns: [Int32], values: [Float]? = nil) -> SparseRows? {
    SparseRows(
      columnCount: 4, rowStarts: starts, columns: columns, values: values ?? columns.map { Float($0) + 0.5 })
  }

  @Test func aTableReadsThem() throws {
    let rows = try #require(make(starts: [0, 2, 2, 5], columns: [1, 3, 0, 1, 2]))
    #expect(rows.count == 3 && rows.longestRow == 3 && rows.places(of: 2) == 2..<5)
    let table = Table(count: 3, sampleShape: [4], features: .sparse(rows), scale: 2, labels: [1, 0, 1])
    #expect(table.features(of: 0) == [0, 3, 0, 7])
    #expect(table.features(of: 1) == [0, 0, 0, 0])
    #expect(table.features(of: 2) == [1, 3, 5, 0])
    #expect(table.elementType == .float32 && table.features.block == nil && table.features.sparseRows == rows)
    let first = table.prefix(2)
    #expect(first.labels == [1, 0] && first.features.sparseRows?.longestRow == 2)
    #expect(first.features(of: 0) == [0, 3, 0, 7])
    #expect(table.prefix(0).count == 0)
  }

  @Test func whatAreNoRowsIsRefused() {
    #expect(make(starts: [], columns: []) == nil)
    #expect(make(starts: [0], columns: []) != nil)
    #expect(make(starts: [1, 1], columns: [0]) == nil)
    #expect(make(starts: [0, 1], columns: [0, 1]) == nil)
    #expect(make(starts: [0, 2, 1, 3], columns: [0, 1, 2]) == nil)
    #expect(make(starts: [0, 2], columns: [1, 1]) == nil)
    #expect(make(starts: [0, 2], columns: [2, 1]) == nil)
    #expect(make(starts: [0, 1], columns: [4]) == nil)
    #expect(make(starts: [0, 1], columns: [-1]) == nil)
    #expect(make(starts: [0, 1], columns: [1], values: []) == nil)
    #expect(make(starts: [0, 9, 1], columns: [1]) == nil)
  }
}
