import Apus
import ArgumentParser

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the networks that are known by name, with their options and sizes.",
    discussion: """
      Parameters are counted for each option's default and for samples of the kind that a model is for: 28×28 grey images, \
      32×32 images in colour, or a text of 65 different characters; 10 classes.
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let rows = try ModelKind.allCases.map { kind in (kind: kind, size: try kind.exampleSize()) }
    if output.json {
      let list = rows.map { row -> JSONValue in
        var object: JSONObject = ["name": .string(row.kind.rawValue), "summary": .string(row.kind.summary)]
        object["parameters"] = row.size.map { .integer($0.parameters) }
        object["samples"] = row.size.map { .string($0.samples) }
        object["options"] = .array(row.kind.options.map(JSONValue.string))
        return .object(object)
      }
      Terminal.output.writeLine(JSONValue.object(["models": .array(list)]).line)
      return
    }
    var table = TextTable(columns: [
      ("model", .left), ("parameters", .right), ("for", .left), ("what it is", .left), ("options", .left),
    ])
    for row in rows {
      table.append([
        row.kind.rawValue, row.size.map { Quantity.count($0.parameters) } ?? "", row.size?.samples ?? "any samples",
        row.kind.summary, row.kind.options.joined(separator: " "),
      ])
    }
    for line in table.lines() { Terminal.output.writeLine(line) }
  }
}
