import CZlib

/// Compresses bytes as one gzip member (RFC 1952); nil only when zlib is out of memory.
package func gzipped(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8]? {
  var stream = z_stream()
  let size = Int32(MemoryLayout<z_stream>.size)
  // 16 added to the window's logarithm asks zlib for the gzip wrapper.
  guard deflateInit2_(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
    return nil
  }
  defer { deflateEnd(&stream) }
  var input = bytes
  return input.withUnsafeMutableBufferPointer { source -> [UInt8]? in
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var position = 0
    while true {
      let available = min(source.count - position, 1 << 30)
      stream.next_in = source.baseAddress.map { $0 + position }
      stream.avail_in = UInt32(available)
      let isLast = position + available == source.count
      let (code, produced) = chunk.withUnsafeMutableBufferPointer { target in
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        return (deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH), target.count - Int(stream.avail_out))
      }
      output += chunk[..<produced]
      position += available - Int(stream.avail_in)
      if code == Z_STREAM_END { return output }
      guard code == Z_OK || code == Z_BUF_ERROR else { return nil }
    }
  }
}
