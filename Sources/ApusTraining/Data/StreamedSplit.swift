import ApusCompiler
import ApusData
import ApusGraph

/// A split that is too large for the device: each batch is copied to it before its step, read ahead by a thread of its own.
final class StreamedSplit: BatchSource {
  private let table: Table
  private let order: BatchOrder
  private let preparation: ImagePreparation
  private let name: String
  private(set) var buffers: [String: any DeviceBuffer] = [:]
  private let features: any DeviceBuffer
  private let labels: (any DeviceBuffer)?
  private var reader: BackgroundReader?
  private var nextStep = 0

  /// Makes room for one batch.
  ///
  /// - Parameters:
  ///   - table: dense samples.
  ///   - order: which of them each step sees.
  init(
    _ table: Table, order: BatchOrder, preparation: ImagePreparation, name: String, on backend: any Backend
  ) throws(DeviceError) {
    self.table = table
    self.order = order
    self.preparation = preparation
    self.name = name
    func buffer(_ part: String, _ byteCount: Int) throws(DeviceError) -> any DeviceBuffer {
      try backend.makeBuffer(byteCount: byteCount, label: "\(name).\(part)")
    }
    let count = order.batchSize
    features = try buffer("features", count * table.featureCount * table.elementType.byteCount)
    labels = table.labels.isEmpty ? nil : try buffer("labels", count * 4)
    buffers["\(name).features"] = features
    buffers["\(name).labels"] = labels
    if let normalization = preparation.normalization {
      let moments = normalization.buffer
      let buffer = try buffer("moments", moments.count * 4)
      try buffer.write(moments)
      buffers["\(name).moments"] = buffer
    }
  }

  var batchSize: Int? { order.batchSize }

  func batch(_ order: Tensor) -> Batch {
    let graph = order.graph
    let count = order.shape[0]
    let stored = graph.input(
      "\(name).features", [count, table.featureCount], table.elementType == .uint8 ? .uint8 : .float32)
    let labels = labels == nil ? nil : graph.input("\(name).labels", [count], .int32)
    return Batch(.dense(preparation.samples(stored, of: table, name: name)), labels: labels)
  }

  func load(step: Int) throws {
    if reader == nil || step != nextStep {
      reader?.stop()
      reader = try BackgroundReader(table, order: order, firstStep: step)
    }
    nextStep = step + 1
    try reader?.withNextBatch { (batch) throws(DeviceError) in
      try features.write(batch.features, at: 0)
      try labels?.write(UnsafeRawBufferPointer(batch.labels), at: 0)
    }
  }
}
