import ApusCompiler
import ApusData
import ApusExpression
import ApusGraph

/// One split of a data set in a device's memory, bytes where it is bytes.
struct DeviceSplit {
  /// The names of the buffers, which are the names of the graph's inputs.
  let featuresName: String
  let labelsName: String
  private let table: Table
  let buffers: [String: any DeviceBuffer]

  /// Copies a split to a device.
  init(_ table: Table, name: String, on backend: any Backend) throws(DeviceError) {
    featuresName = "\(name).features"
    labelsName = "\(name).labels"
    self.table = table
    guard let block = table.features.block else {
      throw DeviceError("\(name): sparse features cannot be copied to a device")
    }
    let features = try backend.makeBuffer(byteCount: max(block.count, 1), label: featuresName)
    let labels = try backend.makeBuffer(byteCount: max(table.labels.count, 1) * 4, label: labelsName)
    try block.withBytes { bytes throws(DeviceError) in try features.write(bytes, at: 0) }
    try labels.write(table.labels)
    buffers = [featuresName: features, labelsName: labels]
  }

  /// The samples that `order` (int32 `[B]`) names: floats `[B, …]` and labels `[B]`.
  func batch(_ order: Tensor) -> (features: Tensor, labels: Tensor) {
    let graph = order.graph
    let stored = graph.input(
      featuresName, [table.count, table.featureCount], table.elementType == .uint8 ? .uint8 : .float32)
    let labels = graph.input(labelsName, [table.count], .int32)
    let (scale, shift) = (Expression(Double(table.scale)), Expression(Double(table.shift)))
    let features = pointwise(stored.gather(order)) { $0[0] * scale + shift }
    return (features.reshaped(to: Shape([order.shape[0]] + table.sampleShape)), labels.gather(order))
  }
}
