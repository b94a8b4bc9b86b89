import Apus
import ArgumentParser

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a checkpoint or any safetensors file holds.")

  @Argument(help: "A safetensors file, or a run directory.", completion: .file(extensions: ["safetensors"]))
  var path: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let file = try SafetensorsFile(path: RunDirectory(path).checkpoint)
    let rows = try file.entries.map { entry in (entry: entry, statistics: try Statistics(file, entry)) }
    if output.json {
      let tensors = rows.map { row -> JSONValue in
        var object: JSONObject = [
          "name": .string(row.entry.name), "type": .string(row.entry.type.rawValue),
          "shape": .array(row.entry.shape.map(JSONValue.integer)),
        ]
        if let statistics = row.statistics {
          object["mean"] = .number(statistics.mean)
          object["deviation"] = .number(statistics.deviation)
          object["minimum"] = .number(statistics.minimum)
          object["maximum"] = .number(statistics.maximum)
          object["not_finite"] = .integer(statistics.notFinite)
        }
        return .object(object)
      }
      var metadata = JSONObject()
      for key in file.metadata.keys.sorted() { metadata[key] = file.metadata[key].map(JSONValue.string) }
      Terminal.output.writeLine(
        JSONValue.object([
          "path": .string(file.path), "metadata": .object(metadata), "tensors": .array(tensors),
        ]).line)
      return
    }
    var table = TextTable(columns: [
      ("tensor", .left), ("type", .left), ("shape", .left), ("mean", .right), ("deviation", .right), ("min", .right),
      ("max", .right),
    ])
    for row in rows {
      let numbers = row.statistics.map { [$0.mean, $0.deviation, $0.minimum, $0.maximum].map(Quantity.loss) }
      table.append(
        [row.entry.name, row.entry.type.rawValue, Shape(row.entry.shape).description]
          + (numbers ?? ["", "", "", ""]))
    }
    for line in table.lines() { Terminal.output.writeLine(line) }
    let count = file.entries.filter { !$0.name.hasPrefix("optimizer.") }.reduce(0) { $0 + $1.elementCount }
    Terminal.output.writeLine("\(Quantity.count(count)) parameters")
    for row in rows where row.statistics?.notFinite ?? 0 > 0 {
      Terminal.output.writeLine("\(row.entry.name) has \(row.statistics?.notFinite ?? 0) values that are not finite")
    }
    for key in file.metadata.keys.sorted() { Terminal.output.writeLine("\(key): \(file.metadata[key] ?? "")") }
  }

  /// What is said of a float tensor's values; nil for other types.
  private struct Statistics {
    let mean: Double
    let deviation: Double
    let minimum: Double
    let maximum: Double
    let notFinite: Int

    init?(_ file: SafetensorsFile, _ entry: SafetensorsFile.Entry) throws {
      guard [.float32, .float64, .float16, .bfloat16].contains(entry.type), entry.elementCount > 0 else { return nil }
      let values = try file.floats(entry.name).map(Double.init)
      let finite = values.filter(\.isFinite)
      let mean = finite.reduce(0, +) / Double(max(finite.count, 1))
      self.mean = mean
      deviation = (finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(finite.count, 1))).squareRoot()
      minimum = finite.min() ?? .nan
      maximum = finite.max() ?? .nan
      notFinite = values.count - finite.count
    }
  }
}
