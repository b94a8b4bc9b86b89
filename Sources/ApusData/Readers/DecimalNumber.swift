/// The value of a decimal number in ASCII, or nil when the bytes are not one.
///
/// Numbers of at most 15 digits and a small power of ten are converted by one exact operation, the rest by the
/// standard library; both round correctly. "nan" and "inf" are numbers here, for the caller to refuse.
func decimalNumber(_ bytes: Slice<UnsafeRawBufferPointer>) -> Double? {
  var index = bytes.startIndex
  let end = bytes.endIndex
  var isNegative = false
  if index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
    isNegative = bytes[index] == UInt8(ascii: "-")
    index += 1
  }
  var mantissa: UInt64 = 0
  var digits = 0
  var decimals = 0
  var hasPoint = false
  while index < end {
    let byte = bytes[index]
    if byte == UInt8(ascii: "."), !hasPoint {
      hasPoint = true
    } else if UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
      digits += 1
      guard digits <= 15 else { break }
      mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0"))
      if hasPoint { decimals += 1 }
    } else {
      break
    }
    index += 1
  }
  guard index == end, digits > 0 else {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.contains { $0 == "x" || $0 == "X" } ? nil : Double(text)
  }
  let value = Double(mantissa) / powersOfTen[decimals]
  return isNegative ? -value : value
}

/// 10⁰ to 10¹⁵, each exact.
private let powersOfTen: [Double] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]
