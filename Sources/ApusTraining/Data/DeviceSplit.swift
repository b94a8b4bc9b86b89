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

  /// Brings a split to a device; one that works in the host's memory shares it with the table.
  init(
    _ table: Table, preparation: ImagePreparation, name: String, on backend: any Backend
  ) throws(DeviceError) {
    self.name = name
    self.table = table
    self.preparation = preparation
    switch table.features {
    case .bytes(let block), .floats(let block):
      buffers["\(name).features"] = try DeviceSplit.buffer(of: block, label: "\(name).features", on: backend)
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

  /// Samples in a device's memory. Those of a file are copied, since somebody may shorten the file during a run.
  private static func buffer(
    of block: ByteStorage, label: String, on backend: any Backend
  ) throws(DeviceError) -> any DeviceBuffer {
    guard block.isMapped else { return try backend.makeBuffer(of: block.bytes, owner: block, label: label) }
    let buffer = try backend.makeBuffer(byteCount: max(block.count, 1), label: label)
    try block.forEachStretch { offset, bytes throws(DeviceError) in try buffer.write(bytes, at: offset) }
    return buffer
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
