import Apus
import ApusCPU
import ApusOpenCL
import ArgumentParser

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List what networks can be trained on here.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    let processor = try Device.processor()
    let found: Result<[OpenCLDevice], OpenCLError>
    do throws(OpenCLError) { found = .success(try OpenCLDevice.all()) } catch { found = .failure(error) }
    let devices = (try? found.get()) ?? []
    let note =
      switch found {
      case .success(let devices):
        devices.isEmpty ? "no OpenCL device: \(OpenCLDevice.library)" : "OpenCL: \(OpenCLDevice.library)"
      case .failure(let error): "OpenCL failed: \(error)"
      }
    let chosen = try Device.open("auto")

    if output.json {
      var rows: [JSONValue] = [
        .object(["selection": "cpu", "name": .string(processor.name), "kind": "cpu", "backend": "swift"])
      ]
      rows += devices.map { device in
        .object([
          "selection": .string("opencl:\(device.index)"), "name": .string(device.name),
          "kind": .string(device.kind.rawValue), "backend": "opencl", "platform": .string(device.platformName),
          "version": .string(device.version), "driver": .string(device.driverVersion),
          "compute_units": .integer(device.computeUnits), "memory": .integer(device.globalMemory),
          "largest_allocation": .integer(device.largestAllocation),
        ])
      }
      Terminal.output.writeLine(
        JSONValue.object([
          "devices": .array(rows), "auto": .string(chosen.backend.name), "note": .string(note),
        ]).line)
      return
    }
    var table = TextTable(columns: [
      ("device", .left), ("name", .left), ("kind", .left), ("memory", .right), ("version", .left),
    ])
    table.append(["cpu", processor.name, "pure Swift", "", ""])
    for device in devices {
      table.append([
        "opencl:\(device.index)", device.name, "OpenCL \(device.kind.rawValue)", Quantity.bytes(device.globalMemory),
        "\(device.platformName), driver \(device.driverVersion)",
      ])
    }
    for line in table.lines() { Terminal.output.writeLine(line) }
    Terminal.output.writeLine(note)
    Terminal.output.writeLine("auto chooses \(chosen.backend.name): \(chosen.reason)")
  }
}
