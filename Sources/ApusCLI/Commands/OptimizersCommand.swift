import Apus
import ArgumentParser

struct OptimizersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "optimizers", abstract: "List the update rules with their hyperparameters and papers.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    let rows = try OptimizerKind.allCases.map { kind in (type: kind.type, settings: try kind.make().settings) }
    if output.json {
      let list = rows.map { row -> JSONValue in
        var defaults = JSONObject()
        for setting in row.settings {
          switch setting.value {
          case .number(let number): defaults[setting.name] = .number(number)
          case .flag(let flag): defaults[setting.name] = .bool(flag)
          }
        }
        return .object([
          "name": .string(row.type.name), "learning_rate": .number(row.type.defaultLearningRate),
          "state_bytes_per_parameter": .integer(row.type.stateBytesPerParameter), "hyperparameters": .object(defaults),
          "source": .string(row.type.source),
        ])
      }
      Terminal.output.writeLine(JSONValue.object(["optimizers": .array(list)]).line)
      return
    }
    var table = TextTable(columns: [
      ("optimizer", .left), ("learning rate", .right), ("state", .right), ("hyperparameters", .left), ("source", .left),
    ])
    for row in rows {
      table.append([
        row.type.name, "\(row.type.defaultLearningRate)", "\(row.type.stateBytesPerParameter) B",
        row.settings.map { "\($0.name)=\($0.value)" }.joined(separator: " "), row.type.source,
      ])
    }
    for line in table.lines() { Terminal.output.writeLine(line) }
  }
}
