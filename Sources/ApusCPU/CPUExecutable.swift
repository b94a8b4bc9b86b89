import ApusCompiler

/// A program whose launches are bound to buffers; a run is a loop over them.
final class CPUExecutable: Executable {
  private let launches: [any Launch]
  private let moving: [OperandAddress]
  private let offsetNames: [String]
  private let workspaces: [CPUBuffer]
  private let workers: Workers
  private let labels: [String]
  private var times: [Double]
  private var counts: Int = 0
  private(set) var launchIntervals: [LaunchInterval] = []
  private let clock = ContinuousClock()
  private let origin = ContinuousClock.now
  private let profiling: Bool

  init(
    _ program: Program, launches: [any Launch], moving: [OperandAddress], workspaces: [CPUBuffer], workers: Workers,
    profiling: Bool
  ) {
    self.launches = launches
    self.moving = moving
    self.workspaces = workspaces
    self.workers = workers
    self.profiling = profiling
    offsetNames = program.offsetNames
    labels = program.instructions.map(\.label)
    times = [Double](repeating: 0, count: launches.count)
  }

  var launchTimes: [LaunchTime] {
    profiling ? zip(labels, times).map { LaunchTime(label: $0, count: counts, total: $1) } : []
  }

  func run(_ arguments: StepArguments) throws(DeviceError) {
    guard arguments.offsets.count >= offsetNames.count else {
      throw DeviceError(
        "the program needs \(offsetNames.count) offsets (\(offsetNames.joined(separator: ", "))) but was given "
          + "\(arguments.offsets.count)")
    }
    for address in moving { try address.move(arguments) }
    guard profiling else {
      for launch in launches { launch.run(arguments) }
      return
    }
    for (index, launch) in launches.enumerated() {
      let start = clock.now
      launch.run(arguments)
      let duration = start.duration(to: clock.now) / .seconds(1)
      times[index] += duration
      if launchIntervals.count < LaunchInterval.limit {
        launchIntervals.append(
          LaunchInterval(
            label: labels[index], run: counts, start: origin.duration(to: start) / .seconds(1), duration: duration))
      }
    }
    counts += 1
  }
}
