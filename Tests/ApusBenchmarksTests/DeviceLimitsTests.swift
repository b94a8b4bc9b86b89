import Apus
import ApusBenchmarks
import ApusCPU
import ApusCPUKernels
import Testing

@Suite struct DeviceLimitsTests {
  private let limits = DeviceLimits(
    multiplyAddRate: 100e9,
    copyRates: [.init(bytes: 1e4, rate: 10e9), .init(bytes: 1e6, rate: 80e9), .init(bytes: 1e8, rate: 20e9)])

  @Test func bandwidthIsThatOfCopiesOfTheSize() {
    #expect(limits.bandwidth(moving: 1e3) == 80e9)
    #expect(limits.bandwidth(moving: 2e6) == 20e9)
    #expect(limits.bandwidth(moving: 1e10) == 20e9)
    #expect(limits.memoryBandwidth == 20e9)
  }

  @Test func theShareIsOfWhicheverLimitIsLower() throws {
    let arithmetic = Work(operations: 50e9, bytes: 1e8, unit: .operations)
    #expect(try #require(limits.share(of: arithmetic, seconds: 1)) == 0.5)
    let memory = Work(operations: 1e9, bytes: 10e9, unit: .operations)
    #expect(try #require(limits.share(of: memory, seconds: 1)) == 0.5)
    #expect(limits.share(of: Work(operations: 0, bytes: 0, unit: .latency), seconds: 1) == nil)
    #expect(limits.share(of: Work(operations: 0, bytes: 0, unit: .steps), seconds: 1) == nil)
  }

  @Test func theMedianCountsAndTheSpreadIsOfTheMiddleHalf() {
    let measurement = Measurement(rounds: [1, 2, 4, 5, 9])
    #expect(measurement.median == 4)
    #expect(measurement.spread == 0.75)
  }

  @Test func everyInstructionSetsMultiplyAddsEndNearOne() {
    for kernels in KernelTable.available {
      var result = [Float](repeating: 1, count: 64)
      kernels.multiplyAdds(64, &result)
      // Twelve vectors, each of which nears 1.
      for lane in 0..<kernels.lanes { #expect(abs(result[lane] - 12) < 0.1, "\(kernels.instructionSet)") }
    }
  }

  @Test func theProcessorsLimitsAreFound() throws {
    let plan = MeasurementPlan(rounds: 1, roundSeconds: 1e-3, limit: 0.1)
    let found = try DeviceLimits.measured(on: try Device.processor(), plan: plan)
    #expect(try #require(found.multiplyAddRate) > 1e8)
    #expect(found.copyRates.count > 3 && found.copyRates.allSatisfy { $0.rate > 1e7 })
  }
}
