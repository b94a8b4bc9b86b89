import ApusCPU
import ApusCPUKernels
import ApusTestSupport
import Testing

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
  /// Every device agrees with the definition, and devices that differ in threads alone agree in every bit.
  @Test(arguments: ConformanceCase.all + ConformanceCase.random(count: 100))
  func kernelsComputeWhatTheGraphSays(conformance: ConformanceCase) throws {
    let (expected, actual) = try conformance.results(on: Device.all.map { $0.backend() })
    for (device, outputs) in zip(Device.all, actual) {
      for (index, output) in outputs.enumerated() {
        let error = ConformanceValues.error(output, expected[index])
        #expect(error <= conformance.tolerance, "output \(index) on \(device)")
      }
    }
    for pair in stride(from: 0, to: actual.count, by: 2) {
      #expect(bits(actual[pair]) == bits(actual[pair + 1]), "\(Device.all[pair]) and \(Device.all[pair + 1])")
    }
  }

  private func bits(_ outputs: [[Double]]) -> [[UInt64]] { outputs.map { $0.map(\.bitPattern) } }
}
