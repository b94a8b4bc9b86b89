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

  /// Who makes devices that suit different tiles (`TilingDefaults`).
  package enum Maker: String, Sendable, Hashable, CaseIterable {
    case nvidia, amd, intel, other
  }

  /// How the products of the precisions tf32 and bf16 can be computed.
  package enum TensorCores: Sendable, Hashable {
    /// Not at all.
    case absent
    /// By the instructions of NVIDIA's tensor cores, as far as a probe has found them right.
    case instructions
    /// By a restatement of those instructions, which is slow and there for tests of everything around them.
    case emulated
  }

  /// The position among all devices of all platforms.
  public let index: Int
  /// What the driver calls the device.
  public let name: String
  /// Who made it.
  public let vendor: String
  /// The OpenCL version that the device supports, as it says it.
  public let version: String
  /// The driver's own version.
  public let driverVersion: String
  /// The platform that the device belongs to.
  public let platformName: String
  /// The platform's OpenCL version and what it adds to it.
  public let platformVersion: String
  /// What sort of processor it is.
  public let kind: Kind
  /// How many work-groups run at once.
  public package(set) var computeUnits: Int
  /// The highest clock rate.
  public let clockMegahertz: Int
  /// In bytes, as are all sizes.
  public let globalMemory: Int
  /// The largest single buffer.
  public let largestAllocation: Int
  /// What a work-group can share.
  public let localMemory: Int
  /// The most work-items of one work-group.
  public package(set) var largestWorkGroup: Int
  /// The vector width that the device likes best for floats.
  public let preferredVectorWidth: Int
  /// The OpenCL extensions that the device supports.
  public let extensions: [String]
  /// Whether division and square root can be asked to be correctly rounded.
  public let hasCorrectlyRoundedDivision: Bool

  /// How kernels are written for this device: wide on processors, tiled on all others. Every device can run both.
  package var style: Style

  /// Who made it, as far as that decides about tiles.
  package var maker: Maker

  /// NVIDIA's compute capability, such as 8.6; nil for devices of others.
  package let computeCapability: (major: Int, minor: Int)?

  /// What products of low precision are computed by.
  package var tensorCores: TensorCores

  /// What was measured on this device; empty until a backend opens it.
  package var tuning = TuningTable()

  let handle: Handle
  let platform: Handle

  /// Whether the driver caches compiled programs by itself.
  var cachesPrograms: Bool {
    platformName.contains("Portable Computing Language") || platformName.contains("NVIDIA")
  }
}

extension OpenCLDevice: CustomStringConvertible {
  /// The index, name and platform: what selects the device.
  public var description: String { "\(index): \(name) (\(platformName))" }
}

/// An OpenCL object that lives as long as the process, so that its address may be shared freely.
struct Handle: @unchecked Sendable {
  let pointer: OpaquePointer
}
