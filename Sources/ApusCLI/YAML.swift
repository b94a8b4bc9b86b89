import ApusFormats
import ApusTraining
import Foundation
import Yams

/// Configuration files: YAML in and out of the values that settings are made of.
enum YAML {
  /// Reads a file that is one mapping.
  ///
  /// - Throws: `TrainingError` that names the file and, for a mistake in it, the line.
  static func read(_ path: String) throws(TrainingError) -> JSONObject {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw TrainingError("\(path): cannot be read: \((error as NSError).localizedDescription)")
    }
    let node: Node?
    do { node = try Yams.compose(yaml: text) } catch let error as YamlError {
      throw TrainingError("\(path): not valid YAML: \(describe(error))")
    } catch {
      throw TrainingError("\(path): not valid YAML: \(error)")
    }
    guard let node else { return JSONObject() }
    guard case .mapping = node, let object = value(node).object else {
      throw TrainingError("\(path): must be a mapping of settings, such as 'optimizer: amsbound'")
    }
    return object
  }

  /// Settings as YAML text.
  static func text(_ object: JSONObject) -> String {
    var lines: [String] = []
    for key in object.keys {
      guard let value = object[key] else { continue }
      if let nested = value.object {
        lines.append(nested.keys.isEmpty ? "\(key): {}" : "\(key):")
        for inner in nested.keys { if let value = nested[inner] { lines.append("  \(inner): \(scalar(value))") } }
      } else {
        lines.append("\(key): \(scalar(value))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// JSON is YAML: a scalar or a flow sequence in it is read back as it was. Plain words need no quotes.
  private static func scalar(_ value: JSONValue) -> String {
    guard let text = value.string else { return value.line }
    let isPlain =
      text.first?.isLetter == true
      && text.allSatisfy { $0.isLetter || $0.isNumber || "-_./".contains($0) }
      && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    return isPlain ? text : value.line
  }

  private static func value(_ node: Node) -> JSONValue {
    switch node {
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, element) in mapping { object[key.string ?? ""] = value(element) }
      return .object(object)
    case .sequence(let sequence):
      return .array(sequence.map(value))
    case .scalar(let scalar):
      if scalar.style == .plain {
        if node.null != nil { return .null }
        if let number = node.int { return .integer(number) }
        if let number = node.float { return .number(number) }
        if let flag = node.bool { return .bool(flag) }
      }
      return .string(scalar.string)
    case .alias:
      return .null
    }
  }

  private static func describe(_ error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "line \(mark.line): \(problem)"
    default: "\(error)".replacingOccurrences(of: "\n", with: " ")
    }
  }
}
