import ApusCompiler
import ApusData
import ApusGraph
import ApusLayers

/// What a model achieves on a split.
public struct Evaluation: Sendable, Hashable {
  /// The mean loss over the samples.
  public let loss: Double
  /// The share of samples whose label is the most probable class (of tokens that are the most probable ones); nil where
  /// nothing is looked for.
  public let accuracy: Double?
  /// The number of samples.
  public let sampleCount: Int
  /// The most probable class of each sample; empty where there are no classes.
  public let predictions: [Int32]
}

/// Runs a model over a whole split; the last, smaller batch is padded with samples of no weight, so the result is
/// exact.
final class Evaluator {
  private let batches: EvaluationBatches
  private let executable: any Executable
  private let source: any BatchSource
  private let offsetNames: [String]
  private let sums: any DeviceBuffer
  private let predictions: (any DeviceBuffer)?
  private let hasHits: Bool
  private let seed: UInt64

  /// The samples in one batch, unless the split is smaller.
  static let batchSize = 500
  /// The tokens in one batch of a text.
  static let batchTokens = 8192
  /// Batches are halved until their intermediate values take no more bytes: most training steps take more.
  private static let workspaceLimit = 32 << 20
  private static let smallestBatch = 32

  /// Prepares an evaluation with parameters that stay on the device.
  ///
  /// - Parameter workspace: memory for intermediate values, shared with a training step between whose runs it runs.
  init(
    _ objective: any Objective, _ source: any BatchSource, _ space: SampleSpace, _ state: ModelState, seed: UInt64,
    in workspace: any Workspace, on backend: any Backend
  ) throws(TrainingError) {
    guard space.count > 0 else { throw TrainingError("there are no samples to evaluate on") }
    self.seed = seed
    self.source = source
    let made = try TrainingError.wrapping { try Evaluator.prepare(objective, source, space, state, workspace, backend) }
    batches = made.batches
    executable = made.executable
    offsetNames = made.offsetNames
    sums = made.sums
    predictions = made.predictions
    hasHits = made.hasHits
  }

  private typealias Prepared = (
    batches: EvaluationBatches, executable: any Executable, offsetNames: [String], sums: any DeviceBuffer,
    predictions: (any DeviceBuffer)?, hasHits: Bool
  )

  private static func prepare(
    _ objective: any Objective, _ source: any BatchSource, _ space: SampleSpace, _ state: ModelState,
    _ workspace: any Workspace, _ backend: any Backend
  ) throws -> Prepared {
    var batchSize = source.batchSize ?? min(space.batchSize, space.count)
    var compiled = try compile(objective, source, batchSize, state, backend)
    while source.batchSize == nil, batchSize > smallestBatch, compiled.program.peakWorkspace > workspaceLimit {
      batchSize = (batchSize + 1) / 2
      compiled = try compile(objective, source, batchSize, state, backend)
    }
    let program = compiled.program
    let batches = try EvaluationBatches(sampleCount: space.count, batchSize: batchSize)
    let places = batches.count * batchSize
    var buffers = source.buffers.merging(state.buffers) { $1 }
    func buffer(_ count: Int, _ label: String) throws -> any DeviceBuffer {
      let buffer = try backend.makeBuffer(byteCount: count * 4, label: label)
      buffers[label] = buffer
      return buffer
    }
    try buffer(places, "order").write(batches.flatMap { $0.indices.map { $0 * Int32(space.stride) } })
    try buffer(places, "weights").write(batches.flatMap(\.weights))
    let sums = try buffer(batches.count * 2, "sums")
    let predictions = compiled.hasPredictions ? try buffer(places, "predictions") : nil
    return (
      batches, try backend.prepare(program, buffers: buffers, in: workspace), program.offsetNames, sums, predictions,
      compiled.hasHits
    )
  }

  /// The program of one batch.
  private static func compile(
    _ objective: any Objective, _ source: any BatchSource, _ batchSize: Int, _ state: ModelState,
    _ backend: any Backend
  ) throws -> (program: Program, hasHits: Bool, hasPredictions: Bool) {
    let traced = try Trace(objective.model, isTraining: false) { graph in
      let results = objective.results(of: source.batch(graph.input("order", [batchSize], .int32)))
      let weights = graph.input("weights", [batchSize])
      // A padded place may hold anything, so it is left out by selection and not by a product with zero.
      func kept(_ values: Tensor) -> Tensor {
        pointwise(values, weights) { .select(.less(0, $0[1]), $0[0], 0) }.sum()
      }
      return (loss: kept(results.losses), hits: results.hits.map(kept), predictions: results.predictions)
    }
    var interface = ProgramInterface()
    interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", batchSize))
    interface.inputs["weights"] = .init(buffer: "weights", dynamicOffset: ("batch", batchSize))
    var outputs = [
      ProgramOutput(traced.result.loss, to: .init(buffer: "sums", offset: 0, dynamicOffset: ("batch", 2)))
    ]
    if let hits = traced.result.hits {
      outputs.append(ProgramOutput(hits, to: .init(buffer: "sums", offset: 1, dynamicOffset: ("batch", 2))))
    }
    if let predictions = traced.result.predictions {
      outputs.append(
        ProgramOutput(predictions, to: .init(buffer: "predictions", dynamicOffset: ("batch", batchSize))))
    }
    let program = try ApusCompiler.compile(
      traced.graph, arena: state.arena, statistics: state.statisticsArena, outputs: outputs, interface: interface,
      maximumBufferSize: backend.maximumBufferSize)
    return (program, traced.result.hits != nil, traced.result.predictions != nil)
  }

  /// Evaluates the parameters as they are now.
  func run() throws(TrainingError) -> Evaluation {
    try TrainingError.wrapping {
      for batch in 0..<batches.count {
        try source.load(step: batch)
        // Where an evaluation draws numbers, each batch has its own, the same in every evaluation.
        try executable.run(
          StepArguments(seed: seed, step: UInt32(batch), offsets: offsetNames.map { _ in batch }))
      }
      let totals = try sums.read(Float.self, count: batches.count * 2)
      func sum(_ column: Int) -> Double {
        stride(from: column, to: totals.count, by: 2).reduce(0) { $0 + Double(totals[$1]) }
      }
      let count = Double(batches.sampleCount)
      let chosen = try predictions?.read(Int32.self, count: batches.count * batches.batchSize) ?? []
      return Evaluation(
        loss: sum(0) / count, accuracy: hasHits ? sum(1) / count : nil, sampleCount: batches.sampleCount,
        predictions: Array(chosen.prefix(batches.sampleCount)))
    }
  }
}
