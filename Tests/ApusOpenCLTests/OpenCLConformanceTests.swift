import ApusOpenCL
import ApusTestSupport
import Testing

/// Every conformance case on every OpenCL device, with the kernels for processors and those for graphics processors.
@Suite(.serialized) struct OpenCLConformanceTests {
  static let backends: [OpenCLBackend] = {
    let devices = (try? OpenCLDevice.all()) ?? []
    return devices.flatMap { device in
      OpenCLDevice.Style.allCases.compactMap { style in
        var styled = device
        styled.style = style
        return try? OpenCLBackend(styled, tuning: TuningTable())
      }
    }
  }()

  @Test(
    .enabled(if: !backends.isEmpty, "no OpenCL device"),
    arguments: ConformanceCase.all + ConformanceCase.random(count: 6))
  func devicesComputeWhatTheGraphSays(conformance: ConformanceCase) throws {
    for backend in Self.backends {
      for error in try conformance.errors(on: backend) {
        #expect(error <= conformance.tolerance, "\(backend.name), \(backend.device.style)")
      }
    }
  }
}
