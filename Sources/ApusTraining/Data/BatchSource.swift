import ApusCompiler
import ApusGraph

/// Data in a device's memory that batches are gathered from, without a transfer in a step.
protocol BatchSource {
  /// The buffers that a program over this source reads, by the names of the graph's inputs.
  var buffers: [String: any DeviceBuffer] { get }

  /// Traces the samples that `order` (int32 `[B]`) names.
  func batch(_ order: Tensor) -> Batch
}
