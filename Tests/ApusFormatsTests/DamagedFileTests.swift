import ApusFormats
import ApusTestSupport
import Testing

/// Files damaged in many ways must be read or refused, never more: no trap, no endless loop.
@Suite("Damaged files")
struct DamagedFileTests {
  /// Calls `body` with `count` variants of a file: bytes changed, cut off, repeated or put in.
  private func forEachVariant(of file: [UInt8], count: Int, _ body: ([UInt8]) throws -> Void) rethrows {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(bound, 1)))
    }
    for _ in 0..<count {
      var variant = file
      for _ in 0...random(4) where !variant.isEmpty {
        let place = random(variant.count)
        switch random(4) {
        case 0: variant[place] = UInt8(random(256))
        case 1: variant[place] ^= 1 << UInt8(random(8))
        case 2: variant.removeSubrange(place..<min(place + random(9), variant.count))
        default: variant.insert(contentsOf: variant[place..<min(place + random(9), variant.count)], at: place)
        }
      }
      try body(variant)
    }
  }

  @Test func safetensors() throws {
    try withTemporaryFolder { folder in
      try writeSafetensors(
        to: folder.file("a"),
        tensors: [
          TensorContents(name: "w", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
          TensorContents(name: "b", shape: [3], floats: [7, 8, 9]),
        ], metadata: ["step": "12"])
      var readable = 0
      try forEachVariant(of: try bytes(of: folder.file("a")), count: 2000) { variant in
        let path = try folder.write(variant, to: "b")
        do throws(FileError) {
          let file = try SafetensorsFile(path: path)
          for entry in file.entries where entry.type == .float32 { _ = try file.floats(entry.name) }
          readable += 1
        } catch {
          #expect(error.path == path && !error.description.contains("\n"))
        }
      }
      #expect(0 < readable && readable < 1500)
    }
  }

  @Test func pngAndGzip() throws {
    let image = PixelImage(width: 9, height: 7, channelCount: 3, samples: (0..<189).map { UInt8($0) })
    let png = try image.encodedPNG()
    let gzip = try #require(gzipped((0..<3000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }))
    try withTemporaryFolder { folder in
      try forEachVariant(of: png, count: 1000) { variant in
        let path = try folder.write(variant, to: "a.png")
        do throws(FileError) { _ = try PixelImage(path: path) } catch { #expect(error.path == path) }
      }
      try forEachVariant(of: gzip, count: 1000) { variant in
        let path = try folder.write(variant, to: "a.gz")
        do throws(FileError) { _ = try ByteReader(path: path).readToEnd() } catch { #expect(error.path == path) }
      }
    }
  }
}
