import ApusCPUKernels
import ApusTestSupport
import Testing

import ApusCPU

/// A backend to test: every instruction set that this processor has, on one and on several threads.
struct Device: Sendable, CustomStringConvertible {
  let instructionSet: InstructionSet
  let threadCount: Int

  var description: String { "\(instructionSet.rawValue), \(threadCount) threads" }

  func backend() -> CPUBackend { CPUBackend(instructionSet: instructionSet, threadCount: threadCount) }

  static let all = InstructionSet.allCases.flatMap { set in
    [1, 3].map { Device(instructionSet: set, threadCount: $0) }
  }
}

@Suite struct CPUConformanceTests {
  @Test(arguments: ConformanceCase.all, Device.all)
  func kernelsComputeWhatTheGraphSays(conformance: ConformanceCase, device: Device) throws {
    for error in try conformance.errors(on: device.backend()) { #expect(error <= conformance.tolerance) }
  }
}
