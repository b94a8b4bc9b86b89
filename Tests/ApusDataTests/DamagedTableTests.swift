import ApusData
import ApusFormats
import ApusTestSupport
import Testing

/// Tables damaged in many ways must be read or refused, never more.
@Suite("Damaged tables")
struct DamagedTableTests {
  @Test func csv() throws {
    let text = "a,\"b \"\"c\"\"\",label\n1,2.5,x\n-3e4,\" 7 \",y\n\n5,6,\"x\"\n9,8,y\n"
    let alphabet = Array("\",\n\r;0.-ex \u{0}".utf8) + [0xFF]
    var state: UInt64 = 88_172_645_463_325_252
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var readable = 0
    try withTemporaryFolder { folder in
      for _ in 0..<3000 {
        var bytes = Array(text.utf8)
        for _ in 0...random(3) {
          let place = random(bytes.count)
          switch random(3) {
          case 0: bytes[place] = alphabet[random(alphabet.count)]
          case 1: bytes.insert(alphabet[random(alphabet.count)], at: place)
          default: bytes.remove(at: place)
          }
        }
        let path = try folder.write(bytes, to: "a.csv")
        do throws(DataError) {
          let dataset = try Dataset(csv: path)
          #expect(dataset.training.labels.allSatisfy { 0..<Int32(dataset.classCount) ~= $0 })
          readable += 1
        } catch {
          #expect(error.description.hasPrefix(path))
        }
      }
    }
    #expect(0 < readable && readable < 2500)
  }

  @Test func idx() throws {
    let file = IDXFile.encoded(dimensions: [3, 2, 2], elements: (0..<12).map { $0 })
    try withTemporaryFolder { folder in
      for place in file.indices {
        for change: UInt8 in [1, 0x80, 0xFF] {
          var variant = file
          variant[place] ^= change
          let path = try folder.write(variant, to: "a")
          do throws(FileError) {
            let read = try IDXFile(path: path)
            #expect(read.dimensions.reduce(1, *) == read.elements.count)
          } catch {
            #expect(error.path == path)
          }
        }
      }
    }
  }
}
