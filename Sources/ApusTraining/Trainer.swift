import ApusCompiler
import ApusData
import ApusExpression
import ApusGraph
import ApusLayers
import ApusOptimizers

/// Trains a model on a device, step after step.
///
/// Everything is decided when the trainer is made: the step's program, its memory and its addresses. A step then
/// allocates nothing and transfers nothing; losses stay on the device until `losses()` fetches them.
public final class Trainer {
  /// A step's loss.
  public struct StepLoss: Sendable, Hashable {
    /// The step, from 1.
    public let step: Int
    /// The mean loss of the step's batch, before its update.
    public let loss: Float
    /// The learning rate of its update.
    public let learningRate: Double
  }

  /// What the trainer was made from.
  public let plan: TrainingPlan
  /// The device.
  public let backend: any Backend
  /// Where parameters lie.
  public let arena: ParameterArena
  /// The parameters in the order of the arena.
  public let declarations: [ParameterDeclaration]
  /// Where what the model keeps from step to step besides its parameters lies.
  public let statisticsArena: ParameterArena
  /// The number of steps that have been submitted, over all sessions of a resumed run.
  public private(set) var step = 0
  /// The step's program, for `--plan` and profiles.
  public let program: Program

  /// Losses that can be pending before they have to be fetched.
  static let historyLength = 512

  private let executable: any Executable
  private let source: any BatchSource
  private let evaluator: Evaluator
  private var order: BatchOrder
  private let orderBuffer: any DeviceBuffer
  private let orderSteps: Int
  private var loadedOrder: Range<Int> = 0..<0
  private let history: any DeviceBuffer
  private var fetched = 0
  let parameters: any DeviceBuffer
  let statistics: any DeviceBuffer
  let states: [(name: String, buffer: any DeviceBuffer)]

  /// Prepares a run: traces and compiles the model, copies the data to the device, draws the first parameters.
  ///
  /// - Throws: `TrainingError` for a mistake in the model, a batch that is larger than the data set, or a device
  ///   without the memory that is needed.
  public init(_ plan: TrainingPlan, on backend: any Backend) throws(TrainingError) {
    self.plan = plan
    self.backend = backend
    let made = try TrainingError.wrapping { try Trainer.prepare(plan, backend) }
    arena = made.arena
    declarations = made.declarations
    statisticsArena = made.statisticsArena
    program = made.program
    executable = made.executable
    source = made.source
    evaluator = made.evaluator
    order = made.order
    orderBuffer = made.orderBuffer
    orderSteps = made.orderSteps
    history = made.history
    parameters = made.parameters
    statistics = made.statistics
    states = made.states
    try initializeParameters(made.statisticsDeclarations)
  }

  private struct Prepared {
    let arena: ParameterArena
    let declarations: [ParameterDeclaration]
    let statisticsArena: ParameterArena
    let statisticsDeclarations: [StatisticDeclaration]
    let program: Program
    let executable: any Executable
    let source: any BatchSource
    let evaluator: Evaluator
    let order: BatchOrder
    let orderBuffer: any DeviceBuffer
    let orderSteps: Int
    let history: any DeviceBuffer
    let parameters: any DeviceBuffer
    let statistics: any DeviceBuffer
    let states: [(name: String, buffer: any DeviceBuffer)]
  }

  private static func prepare(_ plan: TrainingPlan, _ backend: any Backend) throws -> Prepared {
    let order = try plan.batchOrder()
    let training = try plan.source(.training, on: backend)

    // The loss and its gradient, traced once.
    let trace = try Trace(plan.objective.model, isTraining: true) { graph in
      let batch = training.batch(graph.input("order", [plan.batchSize], .int32))
      return plan.objective.results(of: batch).losses.mean()
    }
    let arena = try ParameterArena(trace.graph)
    let statisticsArena = try ParameterArena(statisticsOf: trace.graph)
    guard arena.count > 0 else { throw TrainingError("the model has no parameters to train") }
    let leaves = arena.entries.map { trace.graph.parameter($0.name, $0.shape) }
    let gradients = gradient(of: trace.result, with: leaves)

    var interface = ProgramInterface()
    interface.inputs["order"] = .init(buffer: "order", dynamicOffset: ("batch", plan.batchSize))
    var program = try compile(
      trace.graph, arena: arena, statistics: statisticsArena,
      outputs: [ProgramOutput(trace.result, to: .init(buffer: "history", dynamicOffset: ("slot", 1)))],
      gradients: zip(arena.entries, gradients).map { ($0.name, $1) },
      update: .init(
        optimizer: type(of: plan.optimizer), maximumNorm: plan.clipping?.maximumNorm, decayed: plan.decayed),
      interface: interface, maximumBufferSize: backend.maximumBufferSize)
    program.precision = plan.precision

    // An epoch's order at a time, at least a step's.
    let orderSteps = max(1, min(order.steps(forEpochs: 1), 1 << 16))
    func floats(_ count: Int, _ label: String) throws -> any DeviceBuffer {
      try backend.makeBuffer(byteCount: count * 4, label: label)
    }
    let orderBuffer = try floats(orderSteps * plan.batchSize, "order")
    let history = try floats(historyLength, "history")
    let parameters = try floats(arena.count, ProgramInterface.parameters)
    let statistics = try floats(max(statisticsArena.count, 1), ProgramInterface.statistics)
    var buffers = training.buffers
    buffers["order"] = orderBuffer
    buffers["history"] = history
    buffers[ProgramInterface.parameters] = parameters
    buffers[ProgramInterface.statistics] = statistics
    buffers[ProgramInterface.gradients] = try floats(arena.count, ProgramInterface.gradients)
    var states: [(name: String, buffer: any DeviceBuffer)] = []
    for name in type(of: plan.optimizer).stateNames {
      let buffer = try floats(arena.count, ProgramInterface.state(name))
      states.append((name, buffer))
      buffers[ProgramInterface.state(name)] = buffer
    }
    let workspace = backend.makeWorkspace()
    let executable = try backend.prepare(program, buffers: buffers, in: workspace)
    let evaluator = try Evaluator(
      plan.objective, try plan.source(.validation, on: backend), plan.validationSpace,
      ModelState(arena: arena, parameters: parameters, statisticsArena: statisticsArena, statistics: statistics),
      seed: plan.seed, in: workspace, on: backend)
    return Prepared(
      arena: arena, declarations: trace.parameters, statisticsArena: statisticsArena,
      statisticsDeclarations: trace.statistics, program: program, executable: executable, source: training,
      evaluator: evaluator,
      order: order, orderBuffer: orderBuffer, orderSteps: orderSteps, history: history, parameters: parameters,
      statistics: statistics, states: states)
  }

  private func initializeParameters(_ statistics: [StatisticDeclaration]) throws(TrainingError) {
    let philox = Philox(seed: plan.seed)
    var kept = [Float](repeating: 0, count: max(statisticsArena.count, 1))
    for declaration in statistics {
      guard let entry = statisticsArena[declaration.name] else { continue }
      for element in entry.range { kept[element] = Float(declaration.initial) }
    }
    try TrainingError.wrapping {
      // One after the other, so that the host never holds them all.
      for (position, declaration) in declarations.enumerated() {
        guard let entry = arena[declaration.name] else { continue }
        let values = Initializer.values(declaration, philox: philox, stream: UInt32(position))
        try parameters.write(values, at: entry.range.lowerBound)
      }
      try self.statistics.write(kept)
    }
  }

  // MARK: Steps

  /// The number of steps that see about one epoch.
  public var stepsPerEpoch: Int { order.steps(forEpochs: 1) }

  /// How many epochs have been seen, with the fraction of the current one.
  public var epochs: Double { order.epochs(afterSteps: step) }

  /// The learning rate of a step, from 1.
  public func learningRate(atStep step: Int) -> Double {
    plan.schedule.learningRate(step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: plan.totalSteps)
  }

  /// How many epochs have been seen when a step, from 1, is done.
  public func epochs(afterStep step: Int) -> Double { order.epochs(afterSteps: step) }

  /// Whether an epoch ends with a step, from 1.
  public func endsEpoch(_ step: Int) -> Bool {
    order.completedEpochs(afterSteps: step) > order.completedEpochs(afterSteps: step - 1)
  }

  /// Submits the next step. `losses()` has to be called at least every `historyLength` steps.
  public func runStep() throws(TrainingError) {
    try TrainingError.wrapping {
      try loadOrder()
      try source.load(step: step)
      let next = step + 1
      let uniforms = plan.optimizer.uniforms(
        step: next, learningRate: learningRate(atStep: next), initialLearningRate: plan.schedule.learningRate)
      let values = uniforms.values
      var arguments = StepArguments(seed: plan.seed, step: UInt32(truncatingIfNeeded: next))
      arguments.uniforms = Uniforms { Float(values[$0]) }
      arguments.offsets = program.offsetNames.map { name in
        name == "batch" ? step - loadedOrder.lowerBound : step % Trainer.historyLength
      }
      try executable.run(arguments)
      step = next
    }
  }

  /// The losses of the steps since the last call; waits for them.
  public func losses() throws(TrainingError) -> [StepLoss] {
    guard step > fetched else { return [] }
    let values = try TrainingError.wrapping { try history.read(Float.self, count: Trainer.historyLength) }
    let pending = (fetched + 1...step).suffix(Trainer.historyLength)
    fetched = step
    return pending.map {
      StepLoss(step: $0, loss: values[($0 - 1) % Trainer.historyLength], learningRate: learningRate(atStep: $0))
    }
  }

  /// Whether the next step would overwrite a loss that has not been fetched.
  public var mustFetchLosses: Bool { step - fetched >= Trainer.historyLength }

  /// Loss and, where something is looked for, accuracy on the validation split.
  public func evaluate() throws(TrainingError) -> Evaluation { try evaluator.run() }

  /// The time of each launch of the training step so far; empty unless the device profiles.
  public var launchTimes: [LaunchTime] { executable.launchTimes }

  /// When the launches of the first training steps ran; empty unless the device profiles.
  public var launchIntervals: [LaunchInterval] { executable.launchIntervals }

  private func loadOrder() throws {
    guard !loadedOrder.contains(step) else { return }
    // Aligned starts, so that a resumed run loads what an uninterrupted one had loaded.
    let start = step / orderSteps * orderSteps
    var indices: [Int32] = []
    indices.reserveCapacity(orderSteps * plan.batchSize)
    let stride = Int32(plan.orderStride)
    for step in start..<start + orderSteps { indices += order.indices(step: step).map { $0 * stride } }
    try orderBuffer.write(indices)
    loadedOrder = start..<start + orderSteps
  }

  // MARK: State

  /// A parameter's values, row-major.
  public func values(of name: String) throws(TrainingError) -> [Float] {
    guard let entry = arena[name] else { throw TrainingError("the model has no parameter \(name)") }
    return try TrainingError.wrapping { try parameters.read(Float.self, at: entry.offset, count: entry.shape.count) }
  }

  /// Goes on from a step of an earlier session, whose parameters and states have been restored.
  func restore(step: Int) {
    self.step = step
    fetched = step
  }
}
