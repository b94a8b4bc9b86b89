import ApusCompiler
import ApusGraph

/// Data that batches come from: in the device's memory, so that a step transfers nothing, or streamed to it.
protocol BatchSource {
  /// The buffers that a program over this source reads, by the names of the graph's inputs.
  var buffers: [String: any DeviceBuffer] { get }

  /// The samples of every batch, where the source has no others.
  var batchSize: Int? { get }

  /// Traces the samples that `order` (int32 `[B]`) names.
  func batch(_ order: Tensor) -> Batch

  /// Brings what a step, from 0, needs and the device does not have yet.
  func load(step: Int) throws
}

extension BatchSource {
  var batchSize: Int? { nil }
  func load(step: Int) {}
}
