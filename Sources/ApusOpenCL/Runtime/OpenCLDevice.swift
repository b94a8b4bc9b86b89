import COpenCL

/// One OpenCL device and what is known of it.
public struct OpenCLDevice: Sendable {
  /// What sort of processor a device is.
  public enum Kind: String, Sendable, Hashable {
    case cpu, gpu, accelerator, other
  }

  /// How kernels are written for a device.
  public enum Style: String, Sendable, Hashable, CaseIterable {
    /// Few large work-items, wide vectors, no local memory: processors with caches.
    case wide
    /// Many small work-items that share tiles in local memory: graphics processors.
    case tiled
  }

  /// The position among all devices of all platforms.
  public let index: Int
  public let name: String
  public let vendor: String
  /// The OpenCL version that the device supports, as it says it.
  public let version: String
  public let driverVersion: String
  public let platformName: String
  public let platformVersion: String
  public let kind: Kind
  public let computeUnits: Int
  public let clockMegahertz: Int
  /// In bytes, as are all sizes.
  public let globalMemory: Int
  /// The largest single buffer.
  public let largestAllocation: Int
  public let localMemory: Int
  public let largestWorkGroup: Int
  /// The vector width that the device likes best for floats.
  public let preferredVectorWidth: Int
  public let extensions: [String]
  /// Whether division and square root can be asked to be correctly rounded.
  public let hasCorrectlyRoundedDivision: Bool

  /// How kernels are written for this device: wide on processors, tiled on all others. Every device can run both.
  package var style: Style

  let handle: Handle
  let platform: Handle

  /// Whether the driver caches compiled programs by itself.
  var cachesPrograms: Bool {
    platformName.contains("Portable Computing Language") || platformName.contains("NVIDIA")
  }
}

extension OpenCLDevice: CustomStringConvertible {
  public var description: String { "\(index): \(name) (\(platformName))" }
}

/// An OpenCL object that lives as long as the process, so that its address may be shared freely.
struct Handle: @unchecked Sendable {
  let pointer: OpaquePointer
}
