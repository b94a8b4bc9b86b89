import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws(FileError) -> JSONValue {
    let bytes = Array(text.utf8)
    do {
      return try bytes.withUnsafeBytes { try JSONValue.parse($0, path: "f.json") }
    } catch let error as FileError { throw error } catch { throw FileError("f.json", "\(error)") }
  }

  @Test func readsEveryKind() throws {
    let value = try parse(#" {"a": [1, -2.5, 1e3, true, null], "b": {"c": "\u00e9\n\ud83d\ude00/"}} "#)
    #expect(value == .object(["a": [1, -2.5, 1000.0, true, .null], "b": .object(["c": "é\n😀/"])]))
  }

  @Test func keepsTheOrderOfKeys() throws {
    #expect(try parse(#"{"z": 1, "a": 2, "m": 3}"#).object?.keys == ["z", "a", "m"])
  }

  @Test(arguments: [
    (#"{"a": 1, "a": 2}"#, 9, "the key \"a\" stands there twice"), ("[1,]", 3, "a value expected"),
    ("[1", 2, "\",\" expected"), ("\"abc", 0, "the string does not end"), ("01", 1, "something follows the value"),
    ("1.", 2, "a digit expected"), ("1e999", 0, "the number 1e999 is too large"), ("nul", 3, "\"null\" expected"),
    (#""\ud83d""#, 7, "half a surrogate pair"), ("{} x", 3, "something follows the value"),
    ("", 0, "the text ends where a value should be"), ("\"a\u{1}\"", 3, "a control character in a string"),
  ])
  func refuses(text: String, offset: Int, cause: String) throws {
    let error = try #require(throws: FileError.self) { try parse(text) }
    #expect(error.description == "f.json: byte \(offset): not valid JSON: \(cause)")
  }

  @Test func deepNestingIsRefused() throws {
    let error = try #require(throws: FileError.self) { try parse(String(repeating: "[", count: 100_000)) }
    #expect(error.cause.contains("nested too deeply"))
  }

  @Test func numbersAreShortestAndExact() throws {
    let floats: [Float] = [0.1, 2.302585, 1e-7, 3.4028235e38, Float.leastNonzeroMagnitude, 16_777_216, -0.0, 1.0 / 3]
    for value in floats {
      let line = JSONValue.number(value).line
      #expect(line == "\(value)")
      #expect(Float(try #require(try parse(line).number)) == value)
    }
    #expect(JSONValue.number(0.1 + 0.2).line == "0.30000000000000004")
  }

  @Test func nonFiniteNumbersAreStrings() throws {
    let values: [JSONValue] = [.number(Double.nan), .number(Float.infinity), .number(-Double.infinity)]
    #expect(JSONValue.array(values).line == #"["NaN", "Infinity", "-Infinity"]"#)
    let read = try #require(try parse(JSONValue.array(values).line).array)
    #expect(read[0].number?.isNaN == true)
    #expect(read[1].number == .infinity && read[2].number == -.infinity)
  }

  @Test func writesIndented() throws {
    let value: JSONValue = .object(["a": [1, 2], "b": .object([:]), "c": "x\"\\\u{1}"])
    #expect(
      value.indented == """
        {
          "a": [
            1,
            2
          ],
          "b": {},
          "c": "x\\"\\\\\\u0001"
        }
        """)
    #expect(try parse(value.indented) == value)
  }
}

@Suite("JSON Lines")
struct JSONLinesTests {
  private func line(_ step: Int) -> JSONObject { ["step": .integer(step), "loss": .number(Float(1) / Float(step))] }

  @Test func appendsLineByLine() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("metrics.jsonl")
      try folder.write("left from before\n", to: "metrics.jsonl")
      let lines = try JSONLines(creating: path)
      try lines.append(line(1))
      #expect(try text(of: path) == "{\"step\": 1, \"loss\": 1.0}\n")
      try lines.append(line(3))
      #expect(try text(of: path) == "{\"step\": 1, \"loss\": 1.0}\n{\"step\": 3, \"loss\": 0.33333334}\n")
      #expect(try JSONLines.read(path) == [line(1), line(3)])
    }
  }

  @Test func resumingDropsLaterAndTornLines() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("m")
      let whole = (1...4).map { JSONValue.object(line($0)).line + "\n" }.joined()
      try folder.write(whole + "{\"step\": 5, \"lo", to: "m")
      let lines = try JSONLines(resuming: path) { ($0["step"]?.integer ?? 0) <= 2 }
      try lines.append(line(9))
      #expect(try JSONLines.read(path).compactMap { $0["step"]?.integer } == [1, 2, 9])
    }
  }

  @Test func aBadLineIsNamed() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("{\"step\": 1}\n{\"step\": }\n", to: "m")
      let error = try #require(throws: FileError.self) { try JSONLines.read(path) }
      #expect(error.description == "\(path):2: not valid JSON: a value expected")
    }
  }
}
