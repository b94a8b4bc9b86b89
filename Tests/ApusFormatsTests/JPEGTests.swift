import ApusFormats
import ApusTestSupport
import Foundation
import Testing

@Suite("JPEG pictures")
struct JPEGTests {
  /// Pictures of 16×16 pixels, four blocks of 8×8 in one colour each, from an independent encoder.
  private static let references = [
    "colours":
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYG"
      + "CAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK"
      + "CgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAQABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAACAr/xAAUEAEA"
      + "AAAAAAAAAAAAAAAAAAAA/8QAGAEAAgMAAAAAAAAAAAAAAAAABwkGCAr/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMB"
      + "AAIRAxEAPwAjg+agSCNsy4DnwLmLCCoxMf/Z",
    "progressive":
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYG"
      + "CAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK"
      + "CgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAQABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABwn/xAAYAQAC"
      + "AwAAAAAAAAAAAAAAAAAGCAUHCf/aAAwDAQACEAMQAAABIw9qEiNzLA3wuawiok3/xAAUEAEAAAAAAAAAAAAAAAAAAAAg"
      + "/9oACAEBAAEFAh//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAEDAQE/AR//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oA"
      + "CAECAQE/AR//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Ah//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEB"
      + "AAE/IR//2gAMAwEAAgADAAAAEAAP/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAwEBPxAf/8QAFBEBAAAAAAAAAAAA"
      + "AAAAAAAAIP/aAAgBAgEBPxAf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPxAf/9k=",
    "grey":
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYG"
      + "CAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAACQgK/8QAFBABAAAAAAAA"
      + "AAAAAAAAAAAAAP/aAAgBAQAAPwCCyMCjbIH/2Q==",
    "inks":
      "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggL"
      + "CAkKCgoKCgYICwwLCgwJCgoK/9sAQwECAgICAgIFAwMFCgcGBwoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK"
      + "CgoKCgoKCgoKCgoKCgoKCgoK/8AAFAgAEAAQBAERAAIRAQMRAQQRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAcJCAr/xAAU"
      + "EAEAAAAAAAAAAAAAAAAAAAAA/8QAFgEBAQEAAAAAAAAAAAAAAAAABwkK/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAA4E"
      + "AQACEQMRBAAAPwBcPCKakCf5EbPBesYzPplnhyLrSCNqB//Z",
  ]

  private static let blocks: [[Int]] = [[200, 30, 40], [20, 180, 60], [30, 40, 210], [250, 250, 250]]

  private func bytes(_ name: String) throws -> [UInt8] {
    Array(try #require(JPEGTests.references[name].flatMap { Data(base64Encoded: $0) }))
  }

  private func decode(
    _ bytes: [UInt8], channels: Int? = nil, coverage: ImageDecoder.Coverage? = nil
  ) throws -> PixelImage {
    try bytes.withUnsafeBytes {
      try ImageDecoder().decode($0, path: "a.jpg", channelCount: channels, coverage: coverage)
    }
  }

  /// The largest distance of a sample from its block's colour.
  private func distance(_ image: PixelImage, _ colours: [[Int]] = blocks) -> Int {
    var largest = 0
    for y in 0..<image.height {
      for x in 0..<image.width {
        let colour = colours[(2 * y / image.height) * 2 + 2 * x / image.width]
        for channel in 0..<image.channelCount {
          let sample = Int(image.samples[(y * image.width + x) * image.channelCount + channel])
          largest = max(largest, abs(sample - colour[channel]))
        }
      }
    }
    return largest
  }

  private static let greys = blocks.map { [(299 * $0[0] + 587 * $0[1] + 114 * $0[2] + 500) / 1000] }

  @Test(arguments: ["colours", "progressive", "inks"])
  func readsColours(name: String) throws {
    let image = try decode(try bytes(name))
    #expect(image.width == 16 && image.height == 16 && image.channelCount == 3)
    #expect(distance(image) <= 4)
    let grey = try decode(try bytes(name), channels: 1)
    #expect(grey.channelCount == 1 && distance(grey, JPEGTests.greys) <= 3)
  }

  @Test func readsGrey() throws {
    let image = try decode(try bytes("grey"))
    #expect(image.channelCount == 1)
    let colours = try decode(try bytes("grey"), channels: 3)
    #expect(colours.channelCount == 3 && colours.grey == image && colours == image.converted(toChannels: 3))
    // The encoder's own grey is of another weighting; only the order of the blocks is sure.
    let corners = [image.samples[0], image.samples[15], image.samples[240], image.samples[255]]
    #expect(corners[2] < corners[0] && corners[0] < corners[1] && corners[1] < corners[3])
  }

  @Test func smallCopiesAreDecodedSmall() throws {
    let eighth = try decode(try bytes("colours"), coverage: .init(width: 1, height: 1))
    #expect(eighth.width == 2 && eighth.height == 2 && distance(eighth) <= 4)
    #expect(try decode(try bytes("colours"), coverage: .init(width: 4, height: 3)).width == 8)
    #expect(try decode(try bytes("colours"), coverage: .init(width: 5, height: 1)).width == 16)
  }

  @Test func oneDecoderReadsManyPictures() throws {
    let decoder = ImageDecoder()
    for name in ["colours", "inks", "grey", "progressive", "colours"] {
      let file = try bytes(name)
      let damaged = Array(file.dropLast(file.count / 2))
      #expect(throws: FileError.self) { try damaged.withUnsafeBytes { try decoder.decode($0, path: "a") } }
      let image = try file.withUnsafeBytes { try decoder.decode($0, path: "a", channelCount: 3) }
      #expect(image == (try decode(file, channels: 3)))
    }
  }

  private func failure(_ bytes: [UInt8]) throws -> String {
    try #require(throws: FileError.self) { try decode(bytes) }.description
  }

  @Test func refusesWhatIsDamaged() throws {
    let file = try bytes("colours")
    #expect(try failure(Array(file.dropLast(2))).contains("a.jpg: the JPEG is damaged: "))
    #expect(try failure(Array(file.dropLast(20))).hasPrefix("a.jpg: the JPEG is damaged: "))
    #expect(try failure(Array(file[..<8])).hasPrefix("a.jpg: the JPEG is damaged: "))
    #expect(try failure([0xFF, 0xD8, 0xFF]).hasPrefix("a.jpg: the JPEG is damaged: "))
    #expect(try failure(Array("GIF89a".utf8)) == "a.jpg: a GIF picture; JPEG and PNG pictures can be read; convert it")
    #expect(try failure(Array("RIFF....WEBPVP8 ".utf8)).contains("a WebP picture"))
  }

  @Test func everyCutAndManyFlipsAreReadOrRefused() throws {
    for name in ["colours", "progressive", "inks"] {
      let file = try bytes(name)
      for end in file.indices { #expect(throws: FileError.self) { try decode(Array(file[..<end])) } }
      for place in file.indices {
        for bit in [0, 3, 7] {
          var variant = file
          variant[place] ^= 1 << bit
          // What can be read has as many samples as it says.
          _ = try? decode(variant)
        }
      }
    }
  }
}
