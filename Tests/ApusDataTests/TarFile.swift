/// Writes tar archives for tests.
enum TarFile {
  /// An archive of files, with the blocks of zeros at its end.
  static func encoded(_ files: [(name: String, contents: [UInt8])]) -> [UInt8] {
    files.flatMap { entry(name: $0.name, contents: $0.contents) } + [UInt8](repeating: 0, count: 1024)
  }

  /// One entry: header, contents, padding.
  static func entry(name: String, prefix: String = "", type: Character = "0", contents: [UInt8]) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) { header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
    put(String(name.prefix(100)), at: 0)
    put("0000644", at: 100)
    let size = String(contents.count, radix: 8)
    put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
    put("        ", at: 148)
    put(String(type), at: 156)
    put("ustar\u{0}00", at: 257)
    put(prefix, at: 345)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ", at: 148)
    let padding = (512 - contents.count % 512) % 512
    return header + contents + [UInt8](repeating: 0, count: padding)
  }
}
