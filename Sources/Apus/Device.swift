import ApusCPU
import ApusCompiler
import ApusOpenCL

/// A device that was chosen to compute on, and why.
public struct Device: Sendable {
  /// The device itself.
  public let backend: any Backend
  /// Why it was chosen, in a few words.
  public let reason: String

  /// Opens a device.
  ///
  /// - Parameters:
  ///   - selection: `auto` for a GPU or accelerator if OpenCL has one, else the processor in pure Swift; `cpu`; `opencl`
  ///     for OpenCL's best device; `opencl:INDEX` or `opencl:NAME` for a certain one.
  ///   - profiling: whether launches are timed.
  /// - Throws: `DeviceError` that lists what there is when nothing matches.
  public static func open(_ selection: String = "auto", profiling: Bool = false) throws(DeviceError) -> Device {
    switch selection {
    case "cpu":
      return Device(backend: try processor(profiling), reason: "asked for")
    case "auto":
      return try automatic(profiling)
    case "opencl":
      return try openCL(nil, reason: "the best that OpenCL has here", profiling)
    case let name where name.hasPrefix("opencl:"):
      return try openCL(String(name.dropFirst("opencl:".count)), reason: "asked for", profiling)
    default:
      throw DeviceError(
        "there is no device '\(selection)'; use auto, cpu, opencl, opencl:INDEX or opencl:NAME ('apus devices' lists them)"
      )
    }
  }

  /// The processor in pure Swift.
  public static func processor(_ profiling: Bool = false) throws(DeviceError) -> any Backend {
    try CPUBackend(profiling: profiling)
  }

  private static func automatic(_ profiling: Bool) throws(DeviceError) -> Device {
    let devices: [OpenCLDevice]
    do throws(OpenCLError) { devices = try OpenCLDevice.all() } catch {
      return Device(backend: try processor(profiling), reason: "OpenCL failed: \(error)")
    }
    if let device = devices.first(where: { $0.kind == .gpu }) ?? devices.first(where: { $0.kind == .accelerator }) {
      let kind = device.kind == .gpu ? "GPU" : "accelerator"
      return Device(backend: try open(device, profiling), reason: "OpenCL has this \(kind)")
    }
    return Device(
      backend: try processor(profiling),
      reason: devices.isEmpty ? "there is no OpenCL device here" : "OpenCL has no GPU or accelerator here")
  }

  private static func openCL(
    _ selection: String?, reason: String, _ profiling: Bool
  ) throws(DeviceError) -> Device {
    let device: OpenCLDevice
    do throws(OpenCLError) { device = try OpenCLDevice.select(selection) } catch {
      throw DeviceError("\(error)")
    }
    return Device(backend: try open(device, profiling), reason: reason)
  }

  private static func open(_ device: OpenCLDevice, _ profiling: Bool) throws(DeviceError) -> any Backend {
    do throws(OpenCLError) { return try OpenCLBackend(device, profiling: profiling) } catch {
      throw DeviceError("\(error)")
    }
  }
}
