import ApusCompiler
import ApusGraph

/// A sequence of tokens in a device's memory; a sample is a window that begins at the position that names it.
struct DeviceText: BatchSource {
  let buffers: [String: any DeviceBuffer]
  private let name: String
  private let count: Int
  private let context: Int

  /// Copies tokens to a device.
  ///
  /// - Parameter context: the length of a window; `tokens` has more.
  init(_ tokens: [Int32], context: Int, name: String, on backend: any Backend) throws(DeviceError) {
    self.name = "\(name).tokens"
    self.context = context
    count = tokens.count
    let buffer = try backend.makeBuffer(byteCount: tokens.count * 4, label: self.name)
    try buffer.write(tokens)
    buffers = [self.name: buffer]
  }

  func batch(_ order: Tensor) -> Batch {
    let tokens = order.graph.input(name, [count], .int32)
    return Batch(
      .tokens(tokens.windows(at: order, length: context)),
      labels: tokens.slice(1..<count).windows(at: order, length: context))
  }
}
