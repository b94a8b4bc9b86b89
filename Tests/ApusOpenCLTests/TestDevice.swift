import Foundation
import Testing

import ApusOpenCL

/// The device of the tests: the one that `APUS_TEST_DEVICE` selects, else the first; nil where there is none.
enum TestDevice {
  static let first: OpenCLDevice? = try? OpenCLDevice.all().first

  /// To be used as `.enabled(if: TestDevice.isPresent, TestDevice.reason)`.
  static var isPresent: Bool { first != nil }
  static let reason: Comment = "needs an OpenCL device; install a driver such as pocl-opencl-icd"

  /// Whether to keep to shapes that a simulator of the device can run (see Tests/Scripts/oclgrind.sh).
  static let hasTinyShapes = ProcessInfo.processInfo.environment["APUS_TINY_SHAPES"] == "1"

  /// A fresh context on the device.
  static func context(profiling: Bool = false) throws -> OpenCLContext {
    try OpenCLContext(try #require(first), profiling: profiling)
  }
}
