import ApusCompiler
import ApusData
import ApusFormats
import ApusGraph
import ApusLayers

/// A trained model on a device, to evaluate and to predict with.
public final class Classifier {
  /// One sample's prediction.
  public struct Prediction: Sendable, Hashable {
    /// The most probable class.
    public let label: Int
    /// The probability of each class.
    public let probabilities: [Float]
  }

  /// What the model expects and what its labels mean.
  public let samples: SampleDescription
  private let model: any Module
  private let arena: ParameterArena
  private let parameters: any DeviceBuffer
  private let backend: any Backend

  /// The samples in one batch of a prediction.
  private static let batchSize = 100

  /// Loads a run's model.
  ///
  /// - Throws: `TrainingError` when the checkpoint's parameters do not fit its own configuration.
  public init(_ checkpoint: Checkpoint, on backend: any Backend) throws(TrainingError) {
    let samples = checkpoint.samples
    let model = checkpoint.configuration.makeModel(
      sampleShape: samples.shape, classCount: samples.classNames.count)
    let trace = try TrainingError.wrapping {
      try Trace(model, isTraining: false) { graph in model(graph.input("features", Shape([1] + samples.shape))) }
    }
    let arena = try TrainingError.wrapping { try ParameterArena(trace.graph) }
    parameters = try TrainingError.wrapping {
      try backend.makeBuffer(byteCount: max(arena.count, 1) * 4, label: ProgramInterface.parameters)
    }
    try arena.load(checkpoint.file, prefix: "", into: parameters)
    self.samples = samples
    self.model = model
    self.arena = arena
    self.backend = backend
  }

  /// Loss and accuracy on labelled samples.
  public func evaluate(_ table: Table) throws(TrainingError) -> Evaluation {
    try check(table)
    return try Evaluator(model, table, arena: arena, parameters: parameters, on: backend).run()
  }

  /// The classes of samples, with probabilities.
  public func predict(_ table: Table) throws(TrainingError) -> [Prediction] {
    try check(table)
    guard table.count > 0 else { return [] }
    return try TrainingError.wrapping {
      let batchSize = min(Self.batchSize, table.count)
      let classes = samples.classNames.count
      let batches = try EvaluationBatches(sampleCount: table.count, batchSize: batchSize)
      let split = try DeviceSplit(table, name: "prediction", on: backend)
      let trace = try Trace(model, isTraining: false) { graph in
        model(split.batch(graph.input("order", [batchSize], .int32)).features).softmax()
      }
      var interface = ProgramInterface()
      interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", batchSize))
      let program = try compile(
        trace.graph, arena: arena,
        outputs: [
          ProgramOutput(
            trace.result, to: .init(buffer: "probabilities", dynamicOffset: ("batch", batchSize * classes)))
        ], interface: interface, maximumBufferSize: backend.maximumBufferSize)
      let places = batches.count * batchSize
      let order = try backend.makeBuffer(byteCount: places * 4, label: "order")
      let output = try backend.makeBuffer(byteCount: places * classes * 4, label: "probabilities")
      try order.write(batches.flatMap(\.indices))
      let executable = try backend.prepare(
        program,
        buffers: split.buffers.merging([
          "order": order, "probabilities": output, ProgramInterface.parameters: parameters,
        ]) { $1 })
      for batch in 0..<batches.count {
        try executable.run(StepArguments(offsets: program.offsetNames.map { _ in batch }))
      }
      let values = try output.read(Float.self, count: table.count * classes)
      return (0..<table.count).map { sample in
        let row = Array(values[sample * classes..<(sample + 1) * classes])
        let label = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
        return Prediction(label: label, probabilities: row)
      }
    }
  }

  private func check(_ table: Table) throws(TrainingError) {
    guard table.featureCount == samples.shape.reduce(1, *) else {
      throw TrainingError(
        "the samples have shape \(table.sampleShape), but the model was trained on \(samples.shape)")
    }
  }
}
