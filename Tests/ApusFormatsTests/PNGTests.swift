import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("PNG pictures")
struct PNGTests {
  /// Pictures of 5×6 pixels by `value`, rows filtered by all five filters in turn, from an independent encoder.
  private static let references = [
    "grey":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAAAAAAukAuXAAAAKUlEQVR42mNgUPXKn8IYrQMETNFJmQXlzNvOBYVGsk"
      + "Q7AgHDcf7w+c8BsS0LK6BysZAAAAAASUVORK5CYII=",
    "rgb":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAIAAACEmcMcAAAAWklEQVR42mNgMM1Sjer3qt+Sv+TmlJP/GKMnHNVBAk"
      + "zR0dFJSUmZmZkFBQXl5eXM2y5mn/PzCwoKCg0NjYy8yQKUd4SCAsdyR4bjfwz5XSrDew7Ov8L5XCYQAKumI/VdUd6X"
      + "AAAAAElFTkSuQmCC",
    "rgba":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAYAAAAL+1RLAAAAdklEQVR42mNgMM1qUI3qb/Cq39KQv+Rmw5ST/xoYoy"
      + "ccbdDR0WFAxkzR0dEMSUlJDJmZmQwFBQUM5eXlDMzbLmY7nPPzYwgKCmIIDQ1liIy8ycACUuno6AjFBQyO5Y4MDMf/"
      + "GDbwu1Q2hPccbJh/hbPhuUxgAwBIgim1nt0EKQAAAABJRU5ErkJggg==",
    "greyalpha":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAQAAACh8pzAAAAAQElEQVR42mNgaFBt8GrIb5jSwBjdoMMAgUzRDEkMmQ"
      + "wFDOUMzNsczjEEMYQyRDKwRDM4QiHD8Qb+hvCG+Q3PGwAPIBDrDekj7gAAAABJRU5ErkJggg==",
    "grey16":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGEAAAAAB+ANfUAAAAQElEQVR42mNgYFdl92LPZ5/CzhjNrsMAgUzRDEkMmQ"
      + "wFDOUMzNtYzjEEMYQyRDKwRDM4QiHDcXZ+9nD2+ezP2QFVIwt8EeGJpwAAAABJRU5ErkJggg==",
    "grey2":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGAgAAAABkIBM2AAAAGklEQVR42mNgbWDMnsrk1sB8qJglqIHh2AEALUkF4x"
      + "tTvZMAAAAASUVORK5CYII=",
    "palette":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGAgMAAAB2lbzYAAAADFBMVEVbkMWHvPGz6B3fFEn/F1zNAAAAGklEQVR42m"
      + "NgbWDMnsrk1sB8qJglqIHh2AEALUkF4xtTvZMAAAAASUVORK5CYII=",
  ]

  /// What the references hold at a pixel.
  private static func value(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    (x * 37 + y * 91 + channel * 53 + x * y * 7) & 255
  }

  private func read(_ name: String) throws -> PNGImage {
    let data = try #require(PNGTests.references[name].flatMap { Data(base64Encoded: $0) })
    return try withTemporaryFolder { try PNGImage(path: try $0.write(Array(data), to: "a.png")) }
  }

  private func expected(channels: Int, _ value: (Int, Int, Int) -> Int) -> [UInt8] {
    (0..<6).flatMap { y in (0..<5).flatMap { x in (0..<channels).map { UInt8(value(x, y, $0)) } } }
  }

  @Test func readsEveryKind() throws {
    #expect(try read("grey").samples == expected(channels: 1, PNGTests.value))
    #expect(try read("rgb").samples == expected(channels: 3, PNGTests.value))
    #expect(try read("grey16").samples == expected(channels: 1, PNGTests.value))
    #expect(try read("rgba").samples == expected(channels: 3) { (PNGTests.value($0, $1, $2) * 128 + 127) / 255 })
    #expect(try read("greyalpha").samples == expected(channels: 1) { (PNGTests.value($0, $1, $2) * 128 + 127) / 255 })
    #expect(try read("grey2").samples == expected(channels: 1) { (PNGTests.value($0, $1, $2) >> 6) * 85 })
    #expect(
      try read("palette").samples
        == expected(channels: 3) { x, y, channel in PNGTests.value(PNGTests.value(x, y, 0) >> 6, 1, channel) })
  }

  @Test(arguments: [1, 3])
  func roundTrip(channels: Int) throws {
    let samples = (0..<7 * 9 * channels).map { UInt8(truncatingIfNeeded: $0 * $0) }
    let image = PNGImage(width: 7, height: 9, channelCount: channels, samples: samples)
    try withTemporaryFolder { folder in
      try image.write(to: folder.file("a.png"))
      #expect(try PNGImage(path: folder.file("a.png")) == image)
    }
  }

  @Test func greyWeighsTheColours() {
    let image = PNGImage(
      width: 4, height: 1, channelCount: 3, samples: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    #expect(image.grey.samples == [76, 150, 29, 255])
  }

  private func failure(_ change: (inout [UInt8]) -> Void) throws -> String {
    let image = PNGImage(width: 2, height: 2, channelCount: 1, samples: [1, 2, 3, 4])
    var file = try #require(image.encoded())
    change(&file)
    return try withTemporaryFolder { folder in
      let path = try folder.write(file, to: "a.png")
      let error = try #require(throws: FileError.self) { try PNGImage(path: path) }
      return error.description.replacing(path, with: "a.png")
    }
  }

  /// Replaces the header's fields and its checksum.
  private func header(_ fields: [UInt8]) -> (inout [UInt8]) -> Void {
    { file in
      file.replaceSubrange(16..<29, with: fields)
      let checksum = PNGImage.checksum(file[12..<29])
      for byte in 0..<4 { file[29 + byte] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * byte)) }
    }
  }

  @Test func refusesWhatItCannotRead() throws {
    #expect(try failure { $0 = [] } == "a.png: the file is empty")
    #expect(try failure { $0[0] = 0 } == "a.png: byte 0: not a PNG file")
    #expect(try failure { $0.removeLast(20) }.contains("the PNG is truncated"))
    #expect(try failure { $0[45] ^= 1 } == "a.png: byte 33: the PNG is damaged: a checksum is wrong")
    #expect(
      try failure(header([0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 1]))
        == "a.png: byte 28: interlaced PNGs are not supported; save it without interlacing")
    #expect(
      try failure(header([0, 0, 0, 2, 0, 0, 0, 2, 5, 0, 0, 0, 0])) == "a.png: byte 24: the PNG header is not valid")
    #expect(
      try failure(header([0, 0, 0, 0, 0, 0, 0, 2, 8, 0, 0, 0, 0])).contains("a picture of 0×2 pixels"))
    #expect(try failure(header([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0])).contains("6 of 8 bytes could be unpacked"))
    #expect(try failure(header([0, 0, 64, 0, 0, 0, 64, 0, 8, 0, 0, 0, 0])).contains("pixels are missing"))
  }
}
