import ApusCompiler
import ApusData
import ApusExpression
import ApusFormats
import ApusGraph
import ApusLayers

/// One split of a data set in a device's memory, bytes where it is bytes and sparse where it is sparse.
struct DeviceSplit: BatchSource {
  private let name: String
  private let table: Table
  private let preparation: ImagePreparation
  private(set) var buffers: [String: any DeviceBuffer] = [:]
  /// A file whose samples are read in place.
  private var file: ByteStorage?
  /// After how many batches the file's pages are let go.
  private let batchesInMemory: Int

  /// What stays in memory of a file that is read in place, in bytes.
  private static let fileLimit = 64 << 20
  /// What a system fetches at least where one byte of a file is read: Linux' `fault_around_bytes`.
  private static let fetchedBytes = 64 << 10

  /// Brings a split to a device; one that works in the host's memory shares it with the table.
  ///
  /// - Parameter batchSize: the samples that are read at once.
  init(
    _ table: Table, batchSize: Int, preparation: ImagePreparation, name: String, on backend: any Backend
  ) throws(DeviceError) {
    self.name = name
    let sampleSize = max(table.featureCount * table.elementType.byteCount, DeviceSplit.fetchedBytes)
    batchesInMemory = max(DeviceSplit.fileLimit / (batchSize * sampleSize), 1)
    self.table = table
    self.preparation = preparation
    switch table.features {
    case .bytes(let block), .floats(let block):
      try addFeatures(block, on: backend)
    case .sparse(let rows):
      try add("starts", rows.rowStarts, on: backend)
      try add("columns", rows.columns, on: backend)
      try add("values", rows.values, on: backend)
    }
    if let normalization = preparation.normalization {
      try add("moments", normalization.buffer, on: backend)
    }
    if !table.labels.isEmpty { try add("labels", table.labels, on: backend) }
  }

  /// Samples where the host has them, or copied. Those of a file that somebody may shorten during a run are copied always.
  private mutating func addFeatures(_ block: ByteStorage, on backend: any Backend) throws(DeviceError) {
    let name = "\(name).features"
    if block.backing != .file,
      let shared = try backend.makeBuffer(sharing: block.bytes, owner: block, label: name)
    {
      buffers[name] = shared
      file = block.backing == .ownFile ? block : nil
      return
    }
    let buffer = try backend.makeBuffer(byteCount: max(block.count, 1), label: name)
    try block.forEachStretch { offset, bytes throws(DeviceError) in try buffer.write(bytes, at: offset) }
    buffers[name] = buffer
  }

  private mutating func add<Element: BitwiseCopyable>(
    _ part: String, _ elements: [Element], on backend: any Backend
  ) throws(DeviceError) {
    let name = "\(name).\(part)"
    let buffer = try backend.makeBuffer(
      byteCount: max(elements.count, 1) * MemoryLayout<Element>.stride, label: name)
    try buffer.write(elements)
    buffers[name] = buffer
  }

  func load(step: Int) {
    if let file, step % batchesInMemory == 0 { file.letGo() }
  }

  func batch(_ order: Tensor) -> Batch {
    let labels =
      table.labels.isEmpty ? nil : order.graph.input("\(name).labels", [table.count], .int32).gather(order)
    if let rows = table.features.sparseRows { return Batch(.sparse(sparse(rows, order)), labels: labels) }
    return Batch(.dense(dense(order)), labels: labels)
  }

  private func dense(_ order: Tensor) -> Tensor {
    let stored = order.graph.input(
      "\(name).features", [table.count, table.featureCount], table.elementType == .uint8 ? .uint8 : .float32)
    return preparation.samples(stored.gather(order), of: table, name: name)
  }

  private func sparse(_ rows: SparseRows, _ order: Tensor) -> SparseInput {
    let graph = order.graph
    let starts = graph.input("\(name).starts", [rows.rowStarts.count], .int32)
    let length = max(rows.longestRow, 1)
    func entries(_ stored: Tensor) -> Tensor { sparseRows(stored, starts: starts, picks: order, length: length) }
    let scale = Expression(Double(table.scale))
    let columns = graph.input("\(name).columns", [max(rows.columns.count, 1)], .int32)
    let values = graph.input("\(name).values", [max(rows.values.count, 1)])
    return SparseInput(
      columns: entries(columns), values: pointwise(entries(values)) { $0[0] * scale }, width: rows.columnCount)
  }
}
