import ApusCompiler
import ApusData
import ApusGraph
import ApusLayers

/// What a model achieves on a labelled split.
public struct Evaluation: Sendable, Hashable {
  /// The mean loss over the samples.
  public let loss: Double
  /// The share of samples whose label is the most probable class.
  public let accuracy: Double
  /// The number of samples.
  public let sampleCount: Int
  /// The most probable class of each sample.
  public let predictions: [Int32]
}

/// Runs a model over a whole split; the last, smaller batch is padded with samples of no weight, so the result is
/// exact.
public final class Evaluator {
  private let table: Table
  private let batches: EvaluationBatches
  private let backend: any Backend
  private let executable: any Executable
  private let offsetNames: [String]
  private let sums: any DeviceBuffer
  private let predictions: any DeviceBuffer

  /// The samples in one batch, unless the split is smaller.
  static let batchSize = 500

  /// Prepares an evaluation with parameters that stay on the device.
  ///
  /// - Parameters:
  ///   - model: from samples to logits.
  ///   - table: a labelled split.
  ///   - arena: the parameters' layout.
  ///   - parameters: the arena's buffer, on `backend`.
  ///   - backend: the device.
  public init(
    _ model: any Module, _ table: Table, arena: ParameterArena, parameters: any DeviceBuffer, on backend: any Backend
  ) throws(TrainingError) {
    guard table.count > 0, table.labels.count == table.count else {
      throw TrainingError("there are no labelled samples to evaluate on")
    }
    self.table = table
    self.backend = backend
    let batchSize = min(Evaluator.batchSize, table.count)
    let made = try TrainingError.wrapping { try Evaluator.prepare(model, table, batchSize, arena, parameters, backend) }
    batches = made.batches
    executable = made.executable
    offsetNames = made.offsetNames
    sums = made.sums
    predictions = made.predictions
  }

  private typealias Prepared = (
    batches: EvaluationBatches, executable: any Executable, offsetNames: [String], sums: any DeviceBuffer,
    predictions: any DeviceBuffer
  )

  private static func prepare(
    _ model: any Module, _ table: Table, _ batchSize: Int, _ arena: ParameterArena, _ parameters: any DeviceBuffer,
    _ backend: any Backend
  ) throws -> Prepared {
    let batches = try EvaluationBatches(sampleCount: table.count, batchSize: batchSize)
    let split = try DeviceSplit(table, name: "evaluation", on: backend)
    let traced = try Trace(model, isTraining: false) { graph in
      let (features, labels) = split.batch(graph.input("order", [batchSize], .int32))
      let weights = graph.input("weights", [batchSize])
      let logits = model(features)
      let losses = softmaxCrossEntropy(logits, labels: labels)
      let chosen = logits.argmax()
      let hits = pointwise(chosen, labels, weights) { .select(.equal($0[0], $0[1]), $0[2], 0) }
      // A padded place may hold anything, so it is left out by selection and not by a product with zero.
      let kept = pointwise(losses, weights) { .select(.less(0, $0[1]), $0[0], 0) }
      return [kept.sum(), hits.sum(), chosen]
    }
    var interface = ProgramInterface()
    interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", batchSize))
    interface.inputs["weights"] = .init(buffer: "weights", dynamicOffset: ("batch", batchSize))
    let program = try compile(
      traced.graph, arena: arena,
      outputs: [
        ProgramOutput(traced.result[0], to: .init(buffer: "sums", offset: 0, dynamicOffset: ("batch", 2))),
        ProgramOutput(traced.result[1], to: .init(buffer: "sums", offset: 1, dynamicOffset: ("batch", 2))),
        ProgramOutput(traced.result[2], to: .init(buffer: "predictions", dynamicOffset: ("batch", batchSize))),
      ], interface: interface, maximumBufferSize: backend.maximumBufferSize)

    let places = batches.count * batchSize
    func buffer(_ count: Int, _ label: String) throws -> any DeviceBuffer {
      try backend.makeBuffer(byteCount: count * 4, label: label)
    }
    let (order, weights) = (try buffer(places, "order"), try buffer(places, "weights"))
    try order.write(batches.flatMap(\.indices))
    try weights.write(batches.flatMap(\.weights))
    let (sums, predictions) = (try buffer(batches.count * 2, "sums"), try buffer(places, "predictions"))
    let buffers = split.buffers.merging([
      "order": order, "weights": weights, "sums": sums, "predictions": predictions,
      ProgramInterface.parameters: parameters,
    ]) { $1 }
    return (batches, try backend.prepare(program, buffers: buffers), program.offsetNames, sums, predictions)
  }

  /// Evaluates the parameters as they are now.
  public func run() throws(TrainingError) -> Evaluation {
    try TrainingError.wrapping {
      for batch in 0..<batches.count {
        try executable.run(StepArguments(offsets: offsetNames.map { _ in batch }))
      }
      let totals = try sums.read(Float.self, count: batches.count * 2)
      let chosen = try predictions.read(Int32.self, count: batches.count * batches.batchSize)
      func sum(_ column: Int) -> Double {
        stride(from: column, to: totals.count, by: 2).reduce(0) { $0 + Double(totals[$1]) }
      }
      let count = Double(table.count)
      return Evaluation(
        loss: sum(0) / count, accuracy: sum(1) / count, sampleCount: table.count,
        predictions: Array(chosen.prefix(table.count)))
    }
  }
}
