import ApusCompiler
import ApusData
import ApusFormats
import ApusGraph
import ApusLayers

/// A trained model on a device, to evaluate, predict and generate with.
public final class TrainedModel {
  /// What the model expects and what its results mean.
  public let samples: SampleDescription
  /// What it was trained for.
  public let objective: any Objective
  /// The run's configuration.
  public let configuration: RunConfiguration
  let state: ModelState
  let backend: any Backend

  /// Loads a run's model.
  ///
  /// - Throws: `TrainingError` when the checkpoint's parameters do not fit its own configuration.
  public init(_ checkpoint: Checkpoint, on backend: any Backend) throws(TrainingError) {
    samples = checkpoint.samples
    configuration = checkpoint.configuration
    self.backend = backend
    objective = try checkpoint.configuration.makeObjective(checkpoint.samples)
    let objective = objective
    let samples = samples
    state = try TrainingError.wrapping {
      let trace = try Trace(objective.model, isTraining: false) { graph in
        objective.results(of: samples.placeholder(in: graph, count: 1))
      }
      let arena = try ParameterArena(trace.graph)
      let statistics = try ParameterArena(statisticsOf: trace.graph)
      return ModelState(
        arena: arena,
        parameters: try backend.makeBuffer(byteCount: max(arena.count, 1) * 4, label: ProgramInterface.parameters),
        statisticsArena: statistics,
        statistics: try backend.makeBuffer(byteCount: max(statistics.count, 1) * 4, label: ProgramInterface.statistics))
    }
    try state.load(checkpoint.file)
  }

  /// The number of trainable scalars.
  public var parameterCount: Int { state.arena.parameterCount }

  /// The loss, and accuracy where something is looked for, on the validation part of data.
  ///
  /// - Throws: `TrainingError` when the data is not of the kind or shape that the model was trained on.
  public func evaluate(_ data: TrainingData) throws(TrainingError) -> Evaluation {
    switch data {
    case .samples(let dataset): try check(dataset.validation)
    case .text(let text):
      guard text.vocabulary == samples.vocabulary else {
        throw TrainingError("\(text.name): has another vocabulary than the text that the model was trained on")
      }
    }
    var plan = try configuration.makePlan(data)
    plan.preparation.normalization = samples.normalization
    return try Evaluator(
      objective, try plan.source(.validation, on: backend), plan.validationSpace, state, seed: plan.seed,
      in: backend.makeWorkspace(), on: backend
    ).run()
  }

  func check(_ table: Table) throws(TrainingError) {
    guard samples.vocabulary == nil, table.sampleShape == samples.shape || table.featureCount == samples.featureCount
    else {
      throw TrainingError("the samples have shape \(table.sampleShape), but the model was trained on \(samples.shape)")
    }
  }

  /// Runs a computation on parts of given sizes, batch after batch, and returns the results one after the other.
  ///
  /// - Parameters:
  ///   - source: where the samples come from.
  ///   - count: how many there are.
  ///   - batchSize: how many are computed on at a time.
  ///   - width: the floats that each sample gives.
  ///   - seed: the key of random numbers.
  ///   - body: traces the result `[batchSize, width]` of a batch.
  func run(
    over source: any BatchSource, count: Int, batchSize: Int, width: Int, seed: UInt64 = 0,
    _ body: (Batch) -> Tensor
  ) throws(TrainingError) -> [Float] {
    guard count > 0 else { return [] }
    return try TrainingError.wrapping {
      let batchSize = min(batchSize, count)
      let batches = try EvaluationBatches(sampleCount: count, batchSize: batchSize)
      let trace = try Trace(objective.model, isTraining: false) { graph in
        body(source.batch(graph.input("order", [batchSize], .int32)))
      }
      var interface = ProgramInterface()
      interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", batchSize))
      let program = try compile(
        trace.graph, arena: state.arena, statistics: state.statisticsArena,
        outputs: [
          ProgramOutput(trace.result, to: .init(buffer: "results", dynamicOffset: ("batch", batchSize * width)))
        ],
        interface: interface, maximumBufferSize: backend.maximumBufferSize)
      let places = batches.count * batchSize
      let order = try backend.makeBuffer(byteCount: places * 4, label: "order")
      let results = try backend.makeBuffer(byteCount: places * width * 4, label: "results")
      try order.write(batches.flatMap(\.indices))
      let buffers = source.buffers.merging(state.buffers) { $1 }.merging(["order": order, "results": results]) { $1 }
      let executable = try backend.prepare(program, buffers: buffers)
      for batch in 0..<batches.count {
        try executable.run(
          StepArguments(seed: seed, step: UInt32(batch), offsets: program.offsetNames.map { _ in batch }))
      }
      return try results.read(Float.self, count: count * width)
    }
  }
}

extension SampleDescription {
  /// The number of numbers of one sample.
  public var featureCount: Int { shape.reduce(1, *) }

  /// Samples of this kind as inputs of a graph that is traced for its parameters alone.
  func placeholder(in graph: Graph, count: Int) -> Batch {
    if vocabulary != nil {
      let tokens = graph.input("tokens", Shape([count] + shape), .int32)
      return Batch(.tokens(tokens), labels: tokens)
    }
    let labels = graph.input("labels", [count], .int32)
    if isSparse {
      return Batch(
        .sparse(
          SparseInput(
            columns: graph.input("columns", [count, 1], .int32), values: graph.input("values", [count, 1]),
            width: featureCount)), labels: labels)
    }
    return Batch(.dense(graph.input("features", Shape([count] + shape))), labels: labels)
  }
}
