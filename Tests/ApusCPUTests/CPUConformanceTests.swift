import ApusCPUKernels
import ApusTestSupport
import Testing

import ApusCPU

/// A backend to test: every instruction set that this processor has, on one and on several threads.
struct Device: Sendable, CustomStringConvertible {
  let kernels: KernelTable
  let threadCount: Int

  var description: String { "\(kernels.instructionSet.rawValue), \(threadCount) threads" }

  func backend() -> CPUBackend { CPUBackend(kernels: kernels, threadCount: threadCount) }

  static let all = KernelTable.available.flatMap { kernels in
    [1, 3].map { Device(kernels: kernels, threadCount: $0) }
  }
}

@Suite struct CPUConformanceTests {
  @Test(arguments: ConformanceCase.all, Device.all)
  func kernelsComputeWhatTheGraphSays(conformance: ConformanceCase, device: Device) throws {
    for error in try conformance.errors(on: device.backend()) { #expect(error <= conformance.tolerance) }
  }
}
