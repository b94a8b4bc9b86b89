import CZlib
import Foundation

/// Reads a file from front to back, decompressing on the way where it is a gzip file.
///
/// Gzip is recognised by its first two bytes, not by its name. A file of several members reads as their
/// contents one after the other, as the format says; checksums and lengths are verified, and bytes after
/// the last member are an error.
public final class ByteReader {
  /// The file's path.
  public let path: String
  /// The offset of the next byte, in the decompressed contents.
  public private(set) var offset = 0
  private let source: ByteStorage
  private let inflater: Inflater?

  /// Opens a file.
  public init(path: String) throws(FileError) {
    self.path = path
    source = try ByteStorage.mapped(path: path)
    guard !source.bytes.isEmpty else { throw FileError(path, "the file is empty") }
    let isGzip = source.count >= 2 && source.bytes[0] == 0x1F && source.bytes[1] == 0x8B
    inflater = isGzip ? try Inflater(source.bytes, path: path) : nil
  }

  /// The whole file's bytes, where it is not compressed.
  package var uncompressed: ByteStorage? { inflater == nil ? source : nil }

  /// More bytes than these cannot be in the file: deflate shrinks nothing below a 1032nd.
  package var largestContents: Int { inflater == nil ? source.count : source.count * 1032 }

  /// Fills `buffer` as far as the contents go; fewer bytes than asked for mean that the end was reached.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    if let inflater {
      while filled < buffer.count {
        let count = try inflater.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        if count == 0 { break }
        filled += count
      }
    } else {
      filled = min(buffer.count, source.count - offset)
      buffer.copyBytes(from: source.bytes[offset..<offset + filled])
    }
    offset += filled
    return filled
  }

  /// Everything that is left.
  public func readToEnd() throws(FileError) -> ByteStorage {
    if let whole = uncompressed {
      defer { offset = whole.count }
      return whole.part(offset..<whole.count)
    }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try chunk.withUnsafeMutableBufferPointer { buffer throws(FileError) in
        try read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      contents.append(contentsOf: chunk[..<count])
      if count < chunk.count { return ByteStorage.copy(of: contents) }
    }
  }
}

/// Decompresses the members of a gzip file held in memory.
private final class Inflater {
  private let path: String
  private let input: UnsafeRawBufferPointer
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false

  init(_ input: UnsafeRawBufferPointer, path: String) throws(FileError) {
    self.path = path
    self.input = input
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16 added to the window's logarithm asks zlib for the gzip wrapper.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw FileError(path, "zlib \(zlibVersionText) cannot start (code \(code))") }
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  private var zlibVersionText: String { zlibVersion().map { String(cString: $0) } ?? "" }

  /// How many compressed bytes have been used.
  private var consumed: Int {
    guard let next = stream.pointee.next_in, let start = input.baseAddress else { return 0 }
    return UnsafeRawPointer(next) - start
  }

  /// Some decompressed bytes; 0 only at the end of the last member.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let wanted = min(buffer.count, 1 << 30)
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(wanted)
    while !isFinished && stream.pointee.avail_out > 0 {
      let available = min(input.count - consumed, 1 << 30)
      guard available > 0 else {
        throw FileError(
          path, at: .byte(consumed), "the gzip data ends in the middle: the file is truncated",
          remedy: "fetch the file again")
      }
      stream.pointee.avail_in = UInt32(available)
      let code = inflate(stream, Z_NO_FLUSH)
      switch code {
      case Z_OK, Z_BUF_ERROR: continue
      case Z_STREAM_END: try startNextMember()
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib code \(code)"
        throw FileError(
          path, at: .byte(consumed), "the gzip data is corrupt: \(reason)", remedy: "fetch the file again")
      }
    }
    return wanted - Int(stream.pointee.avail_out)
  }

  private func startNextMember() throws(FileError) {
    let rest = UnsafeRawBufferPointer(rebasing: input[consumed...])
    if rest.isEmpty {
      isFinished = true
    } else if rest.count >= 2 && rest[0] == 0x1F && rest[1] == 0x8B {
      inflateReset(stream)
    } else {
      throw FileError(
        path, at: .byte(consumed), "\(rest.count) bytes of something else follow the gzip data",
        remedy: "fetch the file again")
    }
  }
}
