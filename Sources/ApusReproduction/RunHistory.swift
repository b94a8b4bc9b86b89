import Apus
import Foundation

/// The metrics of a training run.
package struct RunHistory: Sendable {
  /// A step's loss, and how many epochs had been seen after it.
  package struct TrainingPoint: Sendable, Hashable {
    package let step: Int
    package let epoch: Double
    package let loss: Double
  }

  /// An evaluation.
  package struct ValidationPoint: Sendable, Hashable {
    package let step: Int
    package let epoch: Double
    package let loss: Double
    package let accuracy: Double?
  }

  package private(set) var training: [TrainingPoint] = []
  package private(set) var validation: [ValidationPoint] = []

  /// The lines of a run's `metrics.jsonl`.
  package init(metrics: [JSONObject]) {
    for line in metrics {
      guard let step = line["step"]?.integer, let epoch = line["epoch"]?.number, let loss = line["loss"]?.number else {
        continue
      }
      switch line["split"]?.string {
      case "train": training.append(TrainingPoint(step: step, epoch: epoch, loss: loss))
      case "validation":
        validation.append(
          ValidationPoint(step: step, epoch: epoch, loss: loss, accuracy: line["accuracy"]?.number))
      default: continue
      }
    }
  }

  /// The mean training loss over each part of an epoch, at the part's end.
  ///
  /// A part in which a loss was not finite has none; a last part that is less than half done is left out.
  package func trainingCost(partsPerEpoch: Int) -> [SIMD2<Double>] {
    var parts: [(part: Int, sum: Double, count: Int)] = []
    for point in training {
      let part = Int((point.epoch * Double(partsPerEpoch) - 1e-6).rounded(.up))
      if parts.last?.part == part {
        parts[parts.count - 1].sum += point.loss
        parts[parts.count - 1].count += 1
      } else {
        parts.append((part, point.loss, 1))
      }
    }
    if parts.count > 1, let last = parts.last, last.count * 2 < parts[0].count { parts.removeLast() }
    return parts.map { part in
      let mean = part.sum / Double(part.count)
      return SIMD2(Double(part.part) / Double(partsPerEpoch), mean.isFinite ? mean : .nan)
    }
  }

  /// The training loss after each step.
  var trainingLossBySteps: [SIMD2<Double>] { training.map { SIMD2(Double($0.step), $0.loss) } }

  /// The mean training loss of the last steps, a tenth of an epoch at least and an epoch at most.
  package var finalTrainingCost: Double {
    guard let last = training.last else { return .nan }
    let span = min(max(last.epoch * 0.1, 0.1), 1)
    let losses = training.filter { $0.epoch > last.epoch - span }.map(\.loss)
    return losses.reduce(0, +) / Double(max(losses.count, 1))
  }

  /// The highest validation accuracy.
  package var bestAccuracy: Double? { validation.compactMap(\.accuracy).max() }
}
