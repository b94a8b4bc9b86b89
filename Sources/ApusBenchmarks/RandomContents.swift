import Apus

/// Random numbers for a buffer: a block of them, again and again, since drawing hundreds of millions would take longer
/// than what is measured with them.
struct RandomContents {
  /// Tells apart the buffers of one program.
  let stream: UInt32

  /// A prime, so that no stride of an operand repeats the block's own.
  private static let blockLength = 262_139

  /// Floats in [0, 1).
  func fillFloats(_ buffer: any DeviceBuffer, count: Int) throws(DeviceError) {
    try fill(buffer, count) { Philox.uniform($0) }
  }

  /// Whole numbers in `0 ..< bound`.
  func fillIndices(_ buffer: any DeviceBuffer, count: Int, below bound: Int) throws(DeviceError) {
    let bound = UInt32(clamping: max(bound, 1))
    try fill(buffer, count) { Int32(bitPattern: $0 % bound) }
  }

  /// Bytes of every value.
  func fillBytes(_ buffer: any DeviceBuffer, count: Int) throws(DeviceError) {
    try fill(buffer, count) { UInt8(truncatingIfNeeded: $0) }
  }

  private func fill<Element: BitwiseCopyable>(
    _ buffer: any DeviceBuffer, _ count: Int, _ element: (UInt32) -> Element
  ) throws(DeviceError) {
    let philox = Philox(seed: 1)
    var block = (0..<min(count, RandomContents.blockLength)).map {
      element(philox.word(element: $0, step: 0, stream: stream))
    }
    var start = 0
    while start < count {
      if block.count > count - start { block.removeLast(block.count - (count - start)) }
      try buffer.write(block, at: start)
      start += block.count
    }
  }
}
