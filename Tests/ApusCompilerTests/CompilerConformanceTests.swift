import ApusTestSupport
import Testing

/// The compiler against the graph's definition, with the kernels' definition as the device.
@Suite struct CompilerConformanceTests {
  @Test(arguments: ConformanceCase.all + ConformanceCase.random(count: 200))
  func programsComputeWhatTheGraphSays(conformance: ConformanceCase) throws {
    for error in try conformance.errors(on: ReferenceBackend()) { #expect(error <= conformance.tolerance) }
  }

  @Test(arguments: ConformanceCase.all.suffix(8))
  func slabsChangeNothing(conformance: ConformanceCase) throws {
    for error in try conformance.errors(on: ReferenceBackend(maximumBufferSize: 4096)) {
      #expect(error <= conformance.tolerance)
    }
  }
}
