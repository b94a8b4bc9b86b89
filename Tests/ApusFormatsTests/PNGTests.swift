import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("PNG pictures")
struct PNGTests {
  /// Pictures of 5×6 pixels by `value`, from independent encoders; those of whole bytes have rows
  /// filtered by all five filters in turn.
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
    "rgb16":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGEAIAAADUCR9fAAAAxUlEQVR42gG6AEX/AAAANTVqaiUlWlqPj0pKf3+0tG9v"
      + "pKTZ2ZSUycn+/gBbW5CQxcWHh7y88fGzs+joHR3f3xQUSUkLC0BAdXUAtrbr6yAg6ekeHlNTHBxRUYaGT0+EhLm5goK3"
      + "t+zsABERRkZ7e0tLgIC1tYWFurrv77+/9PQpKfn5Li5jYwBsbKGh1tatreLiFxfu7iMjWFgvL2RkmZlwcKWl2toAx8f8"
      + "/DExDw9ERHl5V1eMjMHBn5/U1AkJ5+ccHFFRKnxb32xQLYwAAAAASUVORK5CYII=",
    "palettealpha":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAMAAAA8JaR5AAAADFBMVEVbkMWHvPGz6B3fFEn/F1zNAAAABHRSTlMAVar/"
      + "oA4xLwAAAB5JREFUeNolh8kRAAAMRNj033OuhwGgwaRgmP5x4dwC8QAtmGRKnAAAAABJRU5ErkJggg==",
    "interlaced":
      "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAGCAYAAAF8/GTdAAAAeUlEQVQI12NgMM1qYJhy8l8DY87Caw0sLCwMDF71WxqY"
      + "Tz7558C47bVCQ1paGkNaWhoDo2pUf4OXlxcD05EjRxgePHiAYDBGTzjaoKOjw4CMWbZt28bw4cMHhn//LjHwPLBieGcl"
      + "BRH08PjHwMPDwyAl9YBB450GAwAXKzDcCUtpKgAAAABJRU5ErkJggg==",
  ]

  /// What the references hold at a pixel.
  private static func value(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    (x * 37 + y * 91 + channel * 53 + x * y * 7) & 255
  }

  private func read(_ name: String) throws -> PixelImage {
    let data = try #require(PNGTests.references[name].flatMap { Data(base64Encoded: $0) })
    return try withTemporaryFolder { try PixelImage(path: try $0.write(Array(data), to: "a.png")) }
  }

  private func expected(channels: Int, _ value: (Int, Int, Int) -> Int) -> [UInt8] {
    (0..<6).flatMap { y in (0..<5).flatMap { x in (0..<channels).map { UInt8(value(x, y, $0)) } } }
  }

  @Test func readsEveryKind() throws {
    let value = PNGTests.value
    #expect(try read("grey").samples == expected(channels: 1, value))
    #expect(try read("rgb").samples == expected(channels: 3, value))
    // The lower byte of each sample is 7.
    #expect(try read("grey16").samples == expected(channels: 1) { (value($0, $1, $2) * 256 + 7 + 128) / 257 })
    #expect(try read("rgb16").samples == expected(channels: 3, value))
    let faint = expected(channels: 3) { (value($0, $1, $2) * 128 + 127) / 255 }
    #expect(try read("rgba").samples == faint)
    #expect(try read("interlaced").samples == faint)
    #expect(try read("greyalpha").samples == expected(channels: 1) { (value($0, $1, $2) * 128 + 127) / 255 })
    #expect(try read("grey2").samples == expected(channels: 1) { (value($0, $1, $2) >> 6) * 85 })
    #expect(try read("palette").samples == expected(channels: 3) { value(value($0, $1, 0) >> 6, 1, $2) })
    #expect(
      try read("palettealpha").samples
        == expected(channels: 3) { x, y, channel in
          let entry = value(x, y, 0) >> 6
          return (value(entry, 1, channel) * 85 * entry + 127) / 255
        })
  }

  @Test(arguments: [1, 3])
  func roundTrip(channels: Int) throws {
    let samples = (0..<7 * 9 * channels).map { UInt8(truncatingIfNeeded: $0 * $0) }
    let image = PixelImage(width: 7, height: 9, channelCount: channels, samples: samples)
    try withTemporaryFolder { folder in
      try image.writePNG(to: folder.file("a.png"))
      #expect(try PixelImage(path: folder.file("a.png")) == image)
      #expect(folder.names == ["a.png"])
      let error = try #require(throws: FileError.self) { try image.writePNG(to: folder.file("none/a.png")) }
      #expect(error.description == "\(folder.file("none/a.png")): cannot create: No such file or directory")
    }
  }

  private func failure(_ change: (inout [UInt8]) -> Void) throws -> String {
    let image = PixelImage(width: 2, height: 2, channelCount: 1, samples: [1, 2, 3, 4])
    var file = try image.encodedPNG()
    change(&file)
    return try withTemporaryFolder { folder in
      let path = try folder.write(file, to: "a.png")
      let error = try #require(throws: FileError.self) { try PixelImage(path: path) }
      return error.description.replacing(path, with: "a.png")
    }
  }

  /// Replaces the header's fields and its checksum.
  private func header(_ fields: [UInt8]) -> (inout [UInt8]) -> Void {
    { file in
      file.replaceSubrange(16..<29, with: fields)
      let checksum = ~file[12..<29].reduce(~UInt32(0)) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { word, _ in word >> 1 ^ (word & 1 == 1 ? 0xEDB8_8320 : 0) }
      }
      for byte in 0..<4 { file[29 + byte] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * byte)) }
    }
  }

  @Test func refusesWhatIsDamaged() throws {
    #expect(try failure { $0 = [] } == "a.png: the file is empty")
    #expect(
      try failure { $0[0] = 0 } == "a.png: byte 0: not a picture in a known format; JPEG and PNG can be read")
    #expect(try failure { $0[6] = 0 } == "a.png: the PNG is damaged: PNG file corrupted by ASCII conversion")
    #expect(try failure { $0.removeLast(20) } == "a.png: the PNG is damaged: read beyond end of data")
    #expect(try failure { $0[60] ^= 1 } == "a.png: the PNG is damaged: IDAT: incorrect data check")
    #expect(try failure { $0[70] ^= 1 } == "a.png: the PNG is damaged: IDAT: CRC error")
    #expect(
      try failure(header([0, 0, 0, 2, 0, 0, 0, 2, 5, 0, 0, 0, 0]))
        == "a.png: the PNG is damaged: Invalid IHDR data")
    #expect(try failure(header([0, 0, 0, 0, 0, 0, 0, 2, 8, 0, 0, 0, 0])).contains("the PNG is damaged"))
    #expect(try failure(header([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0])).contains("the PNG is damaged"))
    #expect(
      try failure(header([0, 0, 64, 1, 0, 0, 0, 2, 8, 0, 0, 0, 0]))
        == "a.png: a picture of 16385×2 pixels; 1 to 16384 each way can be read")
    #expect(try failure(header([0, 0, 64, 0, 0, 0, 64, 0, 8, 0, 0, 0, 0])).contains("16384×16384 pixels cannot be in"))
  }
}
