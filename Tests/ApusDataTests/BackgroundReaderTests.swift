import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("The background reader")
struct BackgroundReaderTests {
  /// A table in a mapped file, whose sample `i` holds `i`, `i + 1`, … and has label `i % 7`.
  private func table(count: Int, features: Int, in folder: TemporaryFolder) throws -> Table {
    let values = (0..<count).flatMap { sample in (0..<features).map { UInt8(truncatingIfNeeded: sample + $0) } }
    return Table(
      count: count, sampleShape: [features],
      features: .bytes(try .mapped(path: try folder.write(values, to: "samples"))), scale: 1,
      labels: (0..<Int32(count)).map { $0 % 7 })
  }

  @Test(arguments: [0, 13], [2, 5])
  func givesTheOrdersBatches(firstStep: Int, capacity: Int) throws {
    try withTemporaryFolder { folder in
      let table = try table(count: 50, features: 3, in: folder)
      var order = try BatchOrder(sampleCount: 50, batchSize: 8, order: .shuffled(seed: 4))
      let reader = try BackgroundReader(table, order: order, firstStep: firstStep, capacity: capacity)
      for step in firstStep..<firstStep + 40 {
        let indices = order.indices(step: step)
        let batch = reader.withNextBatch { ($0.step, Array($0.features), Array($0.labels)) }
        #expect(batch?.0 == step)
        #expect(batch?.1 == indices.flatMap { index in (0..<3).map { UInt8(truncatingIfNeeded: Int(index) + $0) } })
        #expect(batch?.2 == indices.map { $0 % 7 })
      }
    }
  }

  @Test func readsFloatsAndTablesWithoutLabels() throws {
    let table = Table(
      count: 3, sampleShape: [2], features: .floats(.copy(of: [1, 2, 3, 4, 5, 6] as [Float])), labels: [])
    let order = try BatchOrder(sampleCount: 3, batchSize: 2, order: .file)
    let reader = try BackgroundReader(table, order: order)
    for expected: [Float] in [[1, 2, 3, 4], [5, 6, 1, 2], [3, 4, 5, 6]] {
      let batch = reader.withNextBatch {
        ($0.features.load(as: Float.self), Array($0.features.bindMemory(to: Float.self)), $0.labels.count)
      }
      #expect(batch?.1 == expected && batch?.2 == 0)
    }
  }

  @Test func stopsEarlyAndAgain() throws {
    try withTemporaryFolder { folder in
      let table = try table(count: 50, features: 3, in: folder)
      let order = try BatchOrder(sampleCount: 50, batchSize: 8, order: .file)
      for taken in [0, 1, 7] {
        let reader = try BackgroundReader(table, order: order)
        for _ in 0..<taken { #expect(reader.withNextBatch { $0.labels.count } == 8) }
        reader.stop()
        #expect(reader.withNextBatch { $0.step } == nil)
        reader.stop()
      }
      // Without a stop the thread ends with its reader.
      for _ in 0..<100 { _ = try BackgroundReader(table, order: order).withNextBatch { $0.step } }
    }
  }

  @Test func aBatchMayFail() throws {
    try withTemporaryFolder { folder in
      let table = try table(count: 50, features: 3, in: folder)
      let reader = try BackgroundReader(table, order: try BatchOrder(sampleCount: 50, batchSize: 8, order: .file))
      for step in 0..<10 {
        let error = #expect(throws: DataError.self) {
          try reader.withNextBatch { batch throws(DataError) in
            throw DataError.invalidOption("\(batch.step)", cause: "")
          }
        }
        #expect(error == .invalidOption("\(step)", cause: ""))
      }
    }
  }

  @Test func refusesWhatDoesNotBelongTogether() throws {
    let rows = try #require(SparseRows(columnCount: 4, rowStarts: [0, 0], columns: [], values: []))
    let sparse = Table(count: 1, sampleShape: [4], features: .sparse(rows), labels: [])
    let order = try BatchOrder(sampleCount: 1, batchSize: 1, order: .file)
    let error = #expect(throws: DataError.self) { try BackgroundReader(sparse, order: order) }
    #expect(error?.description == "data set: sparse features cannot be read in the background")
    let table = Table(count: 2, sampleShape: [1], features: .bytes(.copy(of: [1, 2] as [UInt8])), labels: [])
    #expect(throws: DataError.self) { try BackgroundReader(table, order: order) }
    let fitting = try BatchOrder(sampleCount: 2, batchSize: 1, order: .file)
    #expect(throws: DataError.self) { try BackgroundReader(table, order: fitting, capacity: 1) }
    #expect(throws: DataError.self) { try BackgroundReader(table, order: fitting, firstStep: -1) }
  }
}
