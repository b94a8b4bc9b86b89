import CZlib

extension PNGImage {
  /// Reads a PNG file: grey, RGB or palette, 1 to 16 bits a sample, with or without transparency, not interlaced.
  ///
  /// Deeper samples are cut to 8 bits, shallower ones spread over 0 to 255; a palette becomes RGB; transparency is
  /// laid over black, as the background of the digits that are trained on.
  ///
  /// - Throws: `FileError` when the file is not a PNG, is damaged, or is of an unsupported kind.
  public init(path: String) throws(FileError) {
    let storage = try ByteStorage.mapped(path: path)
    self = try storage.withBytes { bytes throws(FileError) in
      var reader = PNGReader(bytes: bytes, path: path)
      return try reader.read()
    }
  }
}

/// Reads the chunks of one PNG file.
private struct PNGReader {
  /// The header's fields.
  struct Header {
    let width: Int
    let height: Int
    let depth: Int
    let colour: UInt8

    var channelCount: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colour] ?? 1 }
    var rowByteCount: Int { (width * channelCount * depth + 7) / 8 }
    var pixelByteCount: Int { max(channelCount * depth / 8, 1) }
  }

  let bytes: UnsafeRawBufferPointer
  let path: String
  private var position = 8
  private var palette: [UInt8] = []
  private var packed: [UInt8] = []

  init(bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  mutating func read() throws(FileError) -> PNGImage {
    guard !bytes.isEmpty else { throw FileError(path, "the file is empty") }
    guard bytes.starts(with: PNGImage.signature) else { throw FileError(path, at: .byte(0), "not a PNG file") }
    var header: Header?
    while true {
      let start = position
      let (type, contents) = try nextChunk()
      switch type {
      case "IHDR": header = try parseHeader(contents)
      case "PLTE": palette = Array(contents)
      case "IDAT": packed += contents
      case "IEND":
        guard let header else { throw FileError(path, at: .byte(8), "the PNG has no header chunk") }
        return try image(header)
      default:
        // An upper-case first letter marks a chunk that a reader must understand.
        guard type.first?.isLowercase == true else {
          throw FileError(path, at: .byte(start), "the PNG chunk \"\(type)\" is not supported")
        }
      }
    }
  }

  private func number(at offset: Int) -> Int {
    Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  private mutating func nextChunk() throws(FileError) -> (type: String, contents: ArraySlice<UInt8>) {
    let truncated = FileError(path, at: .byte(bytes.count), "the PNG is truncated")
    guard bytes.count - position >= 12 else { throw truncated }
    let length = number(at: position)
    guard bytes.count - position - 12 >= length else { throw truncated }
    let body = Array(bytes[position + 4..<position + 8 + length])
    guard Int(PNGImage.checksum(body[...])) == number(at: position + 8 + length) else {
      throw FileError(path, at: .byte(position), "the PNG is damaged: a checksum is wrong")
    }
    position += 12 + length
    return (String(decoding: body[..<4], as: UTF8.self), body[4...])
  }

  private func parseHeader(_ contents: ArraySlice<UInt8>) throws(FileError) -> Header {
    let fields = Array(contents)
    guard fields.count == 13 else { throw FileError(path, at: .byte(8), "the PNG header has a wrong length") }
    func size(_ offset: Int) -> Int { fields[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    let header = Header(width: size(0), height: size(4), depth: Int(fields[8]), colour: fields[9])
    guard 1...16_384 ~= header.width, 1...16_384 ~= header.height else {
      throw FileError(
        path, at: .byte(16), "a picture of \(header.width)×\(header.height) pixels; 1 to 16384 each are supported")
    }
    let depths: [UInt8: [Int]] = [
      0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
    ]
    guard depths[header.colour]?.contains(header.depth) == true, fields[10] == 0, fields[11] == 0 else {
      throw FileError(path, at: .byte(24), "the PNG header is not valid")
    }
    guard fields[12] == 0 else {
      throw FileError(path, at: .byte(28), "interlaced PNGs are not supported", remedy: "save it without interlacing")
    }
    return header
  }

  private func image(_ header: Header) throws(FileError) -> PNGImage {
    var rows = try unpack(header)
    try removeFilters(&rows, header)
    let isColour = header.colour == 2 || header.colour == 6 || header.colour == 3
    var samples: [UInt8] = []
    samples.reserveCapacity(header.width * header.height * (isColour ? 3 : 1))
    for row in 0..<header.height {
      let start = row * (header.rowByteCount + 1) + 1
      for column in 0..<header.width {
        func sample(_ channel: Int) -> Int {
          let index = column * header.channelCount + channel
          switch header.depth {
          case 8: return Int(rows[start + index])
          case 16: return Int(rows[start + 2 * index])
          default:
            let bit = index * header.depth
            return Int(rows[start + bit / 8]) >> (8 - header.depth - bit % 8) & (1 << header.depth - 1)
          }
        }
        switch header.colour {
        case 0: samples.append(UInt8(sample(0) * 255 / (header.depth < 8 ? 1 << header.depth - 1 : 255)))
        case 2: for channel in 0..<3 { samples.append(UInt8(sample(channel))) }
        case 3:
          let entry = 3 * sample(0)
          guard entry + 3 <= palette.count else { throw FileError(path, "a pixel's colour is not in the palette") }
          samples += palette[entry..<entry + 3]
        case 4: samples.append(UInt8((sample(0) * sample(1) + 127) / 255))
        default: for channel in 0..<3 { samples.append(UInt8((sample(channel) * sample(3) + 127) / 255)) }
        }
      }
    }
    return PNGImage(
      width: header.width, height: header.height, channelCount: isColour ? 3 : 1, samples: samples)
  }

  private func unpack(_ header: Header) throws(FileError) -> [UInt8] {
    let expected = (header.rowByteCount + 1) * header.height
    // Deflate shrinks nothing below a 1032nd: a small file that claims more is not worth the memory.
    guard expected <= packed.count * 1032 else { throw FileError(path, "the PNG is truncated: pixels are missing") }
    var rows = [UInt8](repeating: 0, count: expected)
    var length = UInt(rows.count)
    let code = packed.withUnsafeBufferPointer { source in
      rows.withUnsafeMutableBufferPointer { target in
        uncompress(target.baseAddress, &length, source.baseAddress, UInt(source.count))
      }
    }
    guard code == Z_OK, length == rows.count else {
      throw FileError(path, "the PNG's pixels are damaged: \(length) of \(rows.count) bytes could be unpacked")
    }
    return rows
  }

  private func removeFilters(_ rows: inout [UInt8], _ header: Header) throws(FileError) {
    let stride = header.rowByteCount + 1
    let pixel = header.pixelByteCount
    for row in 0..<header.height {
      let start = row * stride
      let filter = rows[start]
      guard filter <= 4 else { throw FileError(path, "the PNG's pixels are damaged: row \(row) has filter \(filter)") }
      for index in 1..<stride {
        let left = index > pixel ? Int(rows[start + index - pixel]) : 0
        let above = row > 0 ? Int(rows[start - stride + index]) : 0
        let corner = row > 0 && index > pixel ? Int(rows[start - stride + index - pixel]) : 0
        let prediction =
          switch filter {
          case 1: left
          case 2: above
          case 3: (left + above) / 2
          case 4: PNGReader.paeth(left, above, corner)
          default: 0
          }
        rows[start + index] = UInt8(truncatingIfNeeded: Int(rows[start + index]) + prediction)
      }
    }
  }

  /// Whichever of the three is nearest to `left + above - corner`.
  private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> Int {
    let (toLeft, toAbove, toCorner) = (abs(above - corner), abs(left - corner), abs(left + above - 2 * corner))
    if toLeft <= toAbove && toLeft <= toCorner { return left }
    return toAbove <= toCorner ? above : corner
  }
}
