import ApusData
import Testing

@Suite("Batches")
struct BatchOrderTests {
  @Test func fileOrderWrapsAtTheEnd() throws {
    var order = try BatchOrder(sampleCount: 10, batchSize: 4, order: .file)
    #expect(order.indices(step: 0) == [0, 1, 2, 3])
    #expect(order.indices(step: 2) == [8, 9, 0, 1])
    #expect(order.indices(step: 5) == [0, 1, 2, 3])
  }

  @Test func batchesLargerThanTheTableRepeatIt() throws {
    var order = try BatchOrder(sampleCount: 3, batchSize: 7, order: .file)
    #expect(order.indices(step: 1) == [1, 2, 0, 1, 2, 0, 1])
  }

  @Test func everyEpochSeesEverySampleOnceInANewOrder() throws {
    var order = try BatchOrder(sampleCount: 103, batchSize: 10, order: .shuffled(seed: 7))
    let sequence = (0..<31).flatMap { order.indices(step: $0) }
    let epochs = (0..<3).map { Array(sequence[$0 * 103..<($0 + 1) * 103]) }
    for epoch in epochs { #expect(epoch.sorted() == Array(0..<103)) }
    #expect(epochs[0] != epochs[1] && epochs[1] != epochs[2])
  }

  @Test func theOrderIsAFunctionOfSeedAndStep() throws {
    var forward = try BatchOrder(sampleCount: 1000, batchSize: 32, order: .shuffled(seed: 1))
    let batches = (0..<100).map { forward.indices(step: $0) }
    var fresh = try BatchOrder(sampleCount: 1000, batchSize: 32, order: .shuffled(seed: 1))
    for step in [99, 31, 0, 62] { #expect(fresh.indices(step: step) == batches[step]) }
    var other = try BatchOrder(sampleCount: 1000, batchSize: 32, order: .shuffled(seed: 2))
    #expect(other.indices(step: 0) != batches[0])
    // The order is part of what a run's configuration fixes: a change here changes every recorded run.
    #expect(batches[0].prefix(4) == [241, 638, 713, 139])
  }

  @Test func countsEpochsAndSteps() throws {
    let order = try BatchOrder(sampleCount: 10, batchSize: 4, order: .file)
    #expect((1...3).map(order.steps(forEpochs:)) == [3, 5, 8])
    #expect([2, 3, 4, 5].map(order.completedEpochs(afterSteps:)) == [0, 1, 1, 2])
    #expect(order.epochs(afterSteps: 3) == 1.2)
  }

  @Test func impossibleSizesAreRefused() {
    let batch = #expect(throws: DataError.self) { try BatchOrder(sampleCount: 10, batchSize: 0, order: .file) }
    #expect(batch?.description == "batch size: 0 is not at least 1")
    let empty = #expect(throws: DataError.self) { try BatchOrder(sampleCount: 0, batchSize: 1, order: .file) }
    #expect(empty?.description == "data set: there are no samples to train on")
  }

  @Test func theLastEvaluationBatchIsPadded() throws {
    let batches = try EvaluationBatches(sampleCount: 10, batchSize: 4)
    #expect(batches.count == 3)
    #expect(batches[1].indices == [4, 5, 6, 7] && batches[1].weights == [1, 1, 1, 1])
    #expect(batches[2].indices == [8, 9, 0, 0] && batches[2].weights == [1, 1, 0, 0])
    #expect(batches.reduce(0) { $0 + $1.sampleCount } == 10)
    #expect(try EvaluationBatches(sampleCount: 8, batchSize: 4).count == 2)
    #expect(try EvaluationBatches(sampleCount: 0, batchSize: 4).isEmpty)
  }
}
