import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
  /// Seven tensors of seven types, written by the format's Python package (safetensors.torch.save).
  private static let reference =
    "uAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsxLDJdLCJkYXRhX29m"
    + "ZnNldHMiOlswLDE2XX0sImIiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19LCJsYXllcnMuMC53"
    + "ZWlnaHQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzMyLDU2XX0sImoiOnsiZHR5cGUiOiJJMzIiLCJz"
    + "aGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls1Niw2MF19LCJnIjp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6"
    + "WzYwLDY0XX0sImgiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzRdLCJkYXRhX29mZnNldHMiOls2NCw3Ml19LCJ1Ijp7ImR0eXBlIjoiVTgi"
    + "LCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls3Miw3NV19fSAgICAgIPv/////////BwAAAAAAAAAAAAAAAAD4PwAAAAAAAALAAAAAAAAA"
    + "gD4AAAA/AABAPwAAgD8AAKA/CQAAAElAlv5mLv97AQAAgAH/Aw=="

  @Test func readsWhatPythonWrote() throws {
    try withTemporaryFolder { folder in
      let data = try #require(Data(base64Encoded: SafetensorsTests.reference))
      let file = try SafetensorsFile(path: try folder.write(Array(data), to: "r"))
      #expect(file.metadata == ["format": "pt"])
      #expect(file.entries.map(\.name) == ["b", "g", "h", "i", "j", "layers.0.weight", "u"])
      #expect(file["layers.0.weight"]?.shape == [2, 3])
      #expect(try file.floats("layers.0.weight") == [0, 0.25, 0.5, 0.75, 1, 1.25])
      #expect(try file.floats("b") == [1.5, -2.25])
      #expect(try file.floats("h") == [0.099975586, 65504, 5.9604645e-08, -0.0])
      #expect(try file.floats("h")[3].sign == .minus)
      #expect(try file.floats("g").map(\.bitPattern) == [0x4049_0000, 0xFE96_0000])
      #expect(try file.integers("i") == [-5, 7])
      #expect(try file.integers("j") == [9])
      #expect(try file.integers("u") == [1, 255, 3])
    }
  }

  @Test func halfPrecisionIsExact() {
    #expect(float(half: 0x3C00) == 1)
    #expect(float(half: 0x0001) == 0x1p-24)
    #expect(float(half: 0x83FF) == -0x1.FF8p-15)
    #expect(float(half: 0x0400) == 0x1p-14)
    #expect(float(half: 0x7C00) == .infinity)
    #expect(float(half: 0x7E00).isNaN)
    #expect(float(bfloat: 0xC049) == -3.140625)
  }

  @Test func roundTripIsAlignedAndRepeatable() throws {
    try withTemporaryFolder { folder in
      let weights = (0..<60).map { Float($0) / 7 }
      let tensors = [
        TensorContents(name: "u", type: .uint8, shape: [3]) { sink throws(FileError) in
          try sink.write([UInt8](1...3))
        },
        TensorContents(name: "w", shape: [3, 4, 5], floats: weights), TensorContents(name: "s", shape: [], floats: [4]),
        TensorContents(name: "e", shape: [0, 4], floats: []),
      ]
      let metadata = ["step": "12", "config": "{\"a\": 1}\n"]
      try writeSafetensors(to: folder.file("a"), tensors: tensors, metadata: metadata)
      try writeSafetensors(to: folder.file("b"), tensors: tensors.reversed(), metadata: metadata)
      #expect(try bytes(of: folder.file("a")) == bytes(of: folder.file("b")))
      let file = try SafetensorsFile(path: folder.file("a"))
      #expect(file.metadata == metadata)
      #expect(try file.floats("w") == weights)
      #expect(try file.floats("s") == [4])
      #expect(try file.floats("e") == [])
      #expect(file.bytes(of: try #require(file["u"])).withBytes { Array($0) } == [1, 2, 3])
      for entry in file.entries { #expect(entry.range.lowerBound % entry.type.byteCount == 0) }
    }
  }

  @Test func writerRefusesWrongSizesAndNames() throws {
    try withTemporaryFolder { folder in
      try folder.write("old", to: "a")
      let short = TensorContents(name: "w", shape: [3], floats: [1, 2])
      let error = try #require(throws: FileError.self) { try writeSafetensors(to: folder.file("a"), tensors: [short]) }
      #expect(error.description.hasSuffix("tensor \"w\": 8 bytes were produced, its shape [3] has 12"))
      let twice = [
        TensorContents(name: "w", shape: [1], floats: [1]), TensorContents(name: "w", shape: [1], floats: [1]),
      ]
      #expect(throws: FileError.self) { try writeSafetensors(to: folder.file("a"), tensors: twice) }
      #expect(try text(of: folder.file("a")) == "old")
      #expect(folder.names == ["a"])
    }
  }

  private static func file(_ header: String, data: Int) -> [UInt8] {
    let text = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text + [UInt8](repeating: 0, count: data)
  }

  private static func tensor(_ name: String, _ range: String, shape: String = "[2]", dtype: String = "F32") -> String {
    "\"\(name)\": {\"dtype\": \"\(dtype)\", \"shape\": \(shape), \"data_offsets\": \(range)}"
  }

  @Test(arguments: [
    ([1, 2, 3], "3 bytes, fewer than"), ([0xFF, 0, 0, 0, 0, 0, 0, 0], "does not fit into the file's 8"),
    ([0, 0, 0, 0, 0, 0, 0, 0x80], "over the format's 100000000"), (file("[1]", data: 0), "not a JSON object"),
    (file("{\"a\": 1}", data: 0), "tensor \"a\": its entry is not an object of just"),
    (file("{\(tensor("a", "[0, 8]"))", data: 8), "not valid JSON"),
    (file("{\(tensor("a", "[0, 8]"))}", data: 7), "tensor \"a\": its data end at byte"),
    (file("{\(tensor("a", "[0, 8]"))}", data: 9), "1 bytes after the last tensor belong to none"),
    (file("{\(tensor("a", "[0, 4]"))}", data: 4), "takes 8 bytes, its data_offsets give 4"),
    (file("{\(tensor("a", "[0, 8]")), \(tensor("b", "[4, 12]"))}", data: 12), "tensor \"b\": its data overlap"),
    (file("{\(tensor("a", "[0, 8]")), \(tensor("b", "[12, 20]"))}", data: 20), "4 bytes before its data"),
    (file("{\(tensor("a", "[0, 8]")), \(tensor("a", "[0, 8]"))}", data: 8), "the key \"a\" stands there twice"),
    (file("{\(tensor("a", "[8, 0]"))}", data: 8), "not a start and an end"),
    (file("{\(tensor("a", "[0, 8]", shape: "[-2]"))}", data: 8), "its shape is not an array of sizes"),
    (file("{\(tensor("a", "[0, 8]", shape: "[4611686018427387904, 4]"))}", data: 8), "is too large"),
    (file("{\(tensor("a", "[0, 8]", dtype: "F128"))}", data: 8), "the dtype \"F128\" is not known"),
    (file("{\"__metadata__\": {\"a\": 1}}", data: 0), "__metadata__: the value of \"a\" is not a string"),
  ])
  func refuses(file: [UInt8], cause: String) throws {
    try withTemporaryFolder { folder in
      let path = try folder.write(file, to: "bad.safetensors")
      let error = try #require(throws: FileError.self) { try SafetensorsFile(path: path) }
      #expect(error.description.hasPrefix(path + ":"))
      #expect(error.description.contains(cause))
    }
  }

  @Test func wrongTypeAndNameAreNamed() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write(
        SafetensorsTests.file("{\(SafetensorsTests.tensor("a", "[0, 8]", dtype: "I32"))}", data: 8), to: "f")
      let file = try SafetensorsFile(path: path)
      let type = try #require(throws: FileError.self) { try file.floats("a") }
      #expect(type.cause.contains("type I32"))
      let name = try #require(throws: FileError.self) { try file.floats("b") }
      #expect(name.cause == "holds no tensor named \"b\"")
    }
  }
}
