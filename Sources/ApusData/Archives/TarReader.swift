import ApusFormats

/// Goes through the regular files of a tar archive from front to back; the archive may be gzipped.
///
/// Names of any length are understood, in the POSIX (pax) and in GNU's way; other kinds of entries are passed over.
///
/// Source: POSIX.1-2017, "pax - portable archive interchange".
struct TarReader {
  /// A file of the archive, whose contents come next.
  struct Entry {
    /// Its path in the archive.
    let name: String
    /// Its size in bytes.
    let size: Int
  }

  private let reader: ByteReader
  private var current = 0
  private static let blockSize = 512

  init(path: String) throws(FileError) { reader = try ByteReader(path: path) }

  /// The next file; nil at the end of the archive.
  ///
  /// - Throws: `FileError` where a header's checksum is wrong or the archive ends in the middle.
  mutating func next() throws(FileError) -> Entry? {
    var longName: String?
    while true {
      try skip(current)
      current = 0
      let start = reader.offset
      guard let header = try readHeader(), !header.allSatisfy({ $0 == 0 }) else { return nil }
      guard TarReader.checksum(header) == TarReader.number(header[148..<156]) else {
        throw FileError(reader.path, at: .byte(start), "not the header of a tar archive's file: its checksum is wrong")
      }
      guard let size = TarReader.number(header[124..<136]) else {
        throw FileError(reader.path, at: .byte(start), "a size in the tar archive is not a number")
      }
      current = (size + TarReader.blockSize - 1) / TarReader.blockSize * TarReader.blockSize
      switch header[156] {
      case UInt8(ascii: "0"), 0:
        let prefix = TarReader.text(header[345..<500])
        let isPOSIX = TarReader.text(header[257..<262]) == "ustar"
        let short = TarReader.text(header[0..<100])
        return Entry(name: longName ?? (isPOSIX && !prefix.isEmpty ? "\(prefix)/\(short)" : short), size: size)
      case UInt8(ascii: "L"): longName = TarReader.text(try readName(size)[...])
      case UInt8(ascii: "x"): longName = TarReader.path(inRecords: try readName(size)) ?? longName
      case UInt8(ascii: "g"): continue
      default: longName = nil
      }
    }
  }

  /// The contents of the file that `next` gave; once.
  mutating func contents(of entry: Entry) throws(FileError) -> ByteStorage {
    guard entry.size <= reader.largestContents else { throw truncated(entry.name) }
    let contents = try ByteStorage.allocated(byteCount: entry.size) { buffer throws(FileError) in
      guard try reader.read(into: buffer) == entry.size else { throw truncated(entry.name) }
    }
    current -= entry.size
    return contents
  }

  private func truncated(_ name: String) -> FileError {
    FileError(
      reader.path, at: .byte(reader.offset), "the archive ends in the middle of \(name): it is truncated",
      remedy: "fetch the file again")
  }

  /// A header block; nil at the archive's end, which some writers do not mark.
  private func readHeader() throws(FileError) -> [UInt8]? {
    let header = try read(TarReader.blockSize)
    guard header.count == TarReader.blockSize || header.isEmpty else { throw truncated("a header") }
    return header.isEmpty ? nil : header
  }

  /// A long name or records about the next file.
  private mutating func readName(_ size: Int) throws(FileError) -> [UInt8] {
    guard size <= 1 << 20 else { throw FileError(reader.path, at: .byte(reader.offset), "a name of \(size) bytes") }
    let bytes = try read(size)
    guard bytes.count == size else { throw truncated("a name") }
    current -= size
    return bytes
  }

  private func read(_ count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let filled = try bytes.withUnsafeMutableBufferPointer { buffer throws(FileError) in
      try reader.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    return filled == count ? bytes : Array(bytes[..<filled])
  }

  private func skip(_ count: Int) throws(FileError) {
    var rest = count
    while rest > 0 {
      let step = try read(min(rest, 1 << 18)).count
      guard step > 0 else { throw truncated("a file") }
      rest -= step
    }
  }

  /// The sum of a header's bytes, its checksum's own place counted as blanks.
  private static func checksum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 0x20 : Int($1.element)) }
  }

  /// An octal number, which ends with a blank or a zero byte.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = text(field).drop { $0 == " " }.prefix { $0 != " " }
    return digits.isEmpty ? 0 : Int(digits, radix: 8).flatMap { $0 >= 0 ? $0 : nil }
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The path in records of the form "LENGTH KEY=VALUE\n".
  private static func path(inRecords records: [UInt8]) -> String? {
    var rest = records[...]
    while let blank = rest.firstIndex(of: UInt8(ascii: " ")), let length = Int(text(rest[..<blank])),
      length > blank - rest.startIndex, length <= rest.count
    {
      let record = rest[(blank + 1)..<(rest.startIndex + length)].dropLast()
      if record.starts(with: Array("path=".utf8)) { return text(record.dropFirst(5)) }
      rest = rest.dropFirst(length)
    }
    return nil
  }
}
