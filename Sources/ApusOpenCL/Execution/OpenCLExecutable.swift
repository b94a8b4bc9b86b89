import ApusCompiler
import ApusOptimizers

/// A program on an OpenCL device: one compiled program, one kernel object per launch, arguments set once.
final class OpenCLExecutable: Executable {
  /// A launch with those of its arguments that change.
  private struct Step {
    let launch: Launch
    /// An argument that moves through a buffer.
    let moving: [(argument: Int, slice: BufferSlice, memory: MemoryRange, stride: Int)]
    let isRandom: Bool
    /// What is updated; nil for a launch that is no update.
    let update: UpdateKernel?
  }

  private let queue: CommandQueue
  private var steps: [Step] = []
  private var window = StepWindow()
  private var runs = 0
  /// Kept alive; arguments refer to them.
  private let program: BuiltProgram

  init(
    _ program: Program, _ buffers: [OpenCLBuffer], _ workspace: OpenCLWorkspace, _ backend: OpenCLBackend
  ) throws(OpenCLError) {
    let context = backend.context
    queue = context.queue
    let workspaces = try workspace.slabs(program.workspaces)
    let one = try OpenCLBuffer(context, size: 4)
    try queue.fill(MemoryRange(one), with: Float(1))

    var scratchSize = 4
    let measure = LaunchPlanner(
      device: backend.device, buffers: buffers, workspaces: workspaces, one: MemoryRange(one), scratch: nil,
      precision: program.precision)
    for instruction in program.instructions { scratchSize = max(scratchSize, measure.scratchSize(instruction)) }
    let scratch = MemoryRange(try workspace.scratch(scratchSize))
    let planner = LaunchPlanner(
      device: backend.device, buffers: buffers, workspaces: workspaces, one: MemoryRange(one), scratch: scratch,
      precision: program.precision)

    var builder = ProgramBuilder()
    var planned: [(instruction: Instruction, launch: PlannedLaunch)] = []
    for instruction in program.instructions {
      for launch in try planner.plan(instruction, &builder) { planned.append((instruction, launch)) }
    }
    self.program = try builder.build(context, cache: backend.cache)
    for (instruction, launch) in planned {
      let update: UpdateKernel? = if case .update(let kernel) = instruction.kernel { kernel } else { nil }
      steps.append(
        Step(
          launch: try launch.bind(self.program, purpose: instruction.label),
          moving: planner.movingArguments(of: launch, instruction),
          isRandom: launch.names["step"] != nil, update: update))
    }
  }

  func run(_ arguments: StepArguments) throws(DeviceError) {
    let tag = Profile.Tag(owner: ObjectIdentifier(self), run: runs)
    runs += 1
    try DeviceError.wrapping("a training step") { () throws(OpenCLError) in
      for step in steps {
        for (argument, slice, memory, stride) in step.moving {
          let distance = (slice.start(arguments) - slice.offset) * slice.elementType.byteCount
          try step.launch.set(
            argument,
            to: .memory(MemoryRange(memory.buffer, offset: memory.offset + distance, size: memory.size), stride: stride)
          )
        }
        if step.isRandom {
          try step.launch.set("key0", to: .uint(UInt32(truncatingIfNeeded: arguments.seed)))
          try step.launch.set("key1", to: .uint(UInt32(truncatingIfNeeded: arguments.seed >> 32)))
          try step.launch.set("step", to: .uint(arguments.step))
        }
        if let update = step.update {
          for (name, value) in zip(Uniforms<Float>.names, update.uniforms(arguments.uniforms).values) {
            try step.launch.set(name, to: .float(value))
          }
        }
        try queue.enqueue(step.launch, tag: tag)
      }
      try window.stepEnqueued(on: queue)
    }
  }

  /// The launches in the program's order, those of one label together.
  var launchTimes: [LaunchTime] {
    try? queue.finish()
    let entries = queue.profile?.entries ?? [:]
    var seen: Set<String> = []
    return steps.compactMap { step in
      let label = step.launch.label
      guard let entry = entries[label], seen.insert(label).inserted else { return nil }
      return LaunchTime(label: label, count: entry.count, total: entry.total)
    }
  }

  var launchIntervals: [LaunchInterval] {
    try? queue.finish()
    let intervals = queue.profile?.intervals ?? []
    return intervals.filter { $0.tag.owner == ObjectIdentifier(self) }.map(\.interval)
  }
}
