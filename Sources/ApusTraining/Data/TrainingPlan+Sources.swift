import ApusCompiler
import ApusData
import Foundation

/// The samples of a split as indices: how many, and how far apart.
struct SampleSpace {
  /// The number of samples.
  let count: Int
  /// What a sample's number is multiplied by.
  let stride: Int
  /// The samples in one batch of an evaluation, unless there are fewer.
  let batchSize: Int
}

extension TrainingPlan {
  enum Split: String {
    case training, validation
  }

  /// One split on a device.
  func source(_ split: Split, on backend: any Backend) throws(TrainingError) -> any BatchSource {
    switch data {
    case .samples(let dataset):
      let table = split == .training ? dataset.training : dataset.validation
      if streamsData ?? (table.features.block.map { $0.count > TrainingPlan.residentLimit(backend) } ?? false) {
        let order =
          split == .training
          ? try TrainingError.wrapping { try batchOrder() }
          : try TrainingError.wrapping {
            try BatchOrder(
              sampleCount: table.count, batchSize: min(validationSpace.batchSize, table.count), order: .file)
          }
        return try TrainingError.wrapping {
          try StreamedSplit(table, order: order, preparation: preparation, name: split.rawValue, on: backend)
        }
      }
      return try TrainingError.wrapping {
        try DeviceSplit(
          table, batchSize: split == .training ? batchSize : validationSpace.batchSize, preparation: preparation,
          name: split.rawValue, on: backend)
      }
    case .text(let text):
      let tokens = split == .training ? text.training : text.validation
      guard TrainingPlan.windows(of: tokens, context) >= 1 else {
        throw TrainingError(
          "\(text.name): its \(split.rawValue) part has \(tokens.count) tokens, which is no window of \(context) and "
            + "the token behind it; choose a smaller context or a longer text")
      }
      return try TrainingError.wrapping {
        try DeviceText(tokens, context: context, name: split.rawValue, on: backend)
      }
    }
  }

  /// The bytes of samples that stay on a device: what one of its buffers may hold, and half of the machine's memory.
  private static func residentLimit(_ backend: any Backend) -> Int {
    min(backend.maximumBufferSize, Int(clamping: ProcessInfo.processInfo.physicalMemory / 2))
  }

  /// The samples that an evaluation sees.
  var validationSpace: SampleSpace {
    switch data {
    case .samples(let dataset):
      SampleSpace(count: dataset.validation.count, stride: 1, batchSize: Evaluator.batchSize)
    case .text(let text):
      SampleSpace(
        count: TrainingPlan.windows(of: text.validation, context), stride: context,
        batchSize: max(1, Evaluator.batchTokens / context))
    }
  }
}
