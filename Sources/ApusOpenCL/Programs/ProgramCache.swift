import Foundation

/// Keeps compiled programs in a folder, so that a second start need not compile.
///
/// A file holds the whole key beside the binary, so two programs are never confused. Nothing that goes wrong here is an
/// error: the program is then compiled anew.
package struct ProgramCache: Sendable {
  /// Everything that a compiled program depends on.
  package struct Key {
    let text: [UInt8]

    package init(source: String, options: String, device: OpenCLDevice) {
      let parts = [
        device.name, device.vendor, device.version, device.driverVersion, device.platformName, device.platformVersion,
        options, source,
      ]
      text = Array(parts.joined(separator: "\u{0}").utf8)
    }

    /// The key's file name.
    package var name: String {
      let a = String(ProgramCache.hash(text, seed: 0xCBF2_9CE4_8422_2325), radix: 16)
      let b = String(ProgramCache.hash(text, seed: 0x8422_2325_CBF2_9CE4), radix: 16)
      return "\(a)-\(b).clbin"
    }
  }

  /// Where the files lie.
  package let folder: URL

  package init(folder: URL) { self.folder = folder }

  private static let magic = Array("apus-cl1".utf8)

  /// The binary kept under a key; nil when there is none or anything about its file is wrong.
  package func load(_ key: Key) -> [UInt8]? {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(key.name)) else { return nil }
    let bytes = [UInt8](data)
    let header = ProgramCache.magic.count + 8
    guard bytes.count > header + key.text.count + 8, bytes.starts(with: ProgramCache.magic),
      ProgramCache.number(bytes[ProgramCache.magic.count..<header]) == UInt64(key.text.count),
      bytes[header..<header + key.text.count].elementsEqual(key.text)
    else { return nil }
    let binary = Array(bytes[(header + key.text.count)..<(bytes.count - 8)])
    guard ProgramCache.number(bytes[(bytes.count - 8)...]) == ProgramCache.hash(binary, seed: 0) else { return nil }
    return binary
  }

  /// Keeps a binary: written to a temporary file first and renamed, so that no reader ever sees half of it.
  package func store(_ binary: [UInt8], _ key: Key) {
    var bytes = ProgramCache.magic
    bytes += ProgramCache.bytes(UInt64(key.text.count))
    bytes += key.text
    bytes += binary
    bytes += ProgramCache.bytes(ProgramCache.hash(binary, seed: 0))
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? Data(bytes).write(to: folder.appendingPathComponent(key.name), options: .atomic)
  }

  /// FNV-1a over the bytes, 64 bits.
  static func hash(_ bytes: [UInt8], seed: UInt64) -> UInt64 {
    var hash = seed ^ 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
