import ApusData
import ApusExpression
import ApusGraph

/// What happens to images on the device between the data set and the model.
public struct ImagePreparation: Sendable, Hashable {
  /// A mean to subtract and a deviation to divide by, one of each per channel.
  public struct Normalization: Sendable, Hashable {
    /// Each channel's mean.
    public let mean: [Float]
    /// Each channel's deviation.
    public let deviation: [Float]

    /// A normalization; the lists have one number per channel.
    public init(mean: [Float], deviation: [Float]) {
      self.mean = mean
      self.deviation = deviation
    }

    /// The means and the reciprocal deviations, as the device has them.
    var buffer: [Float] { mean + deviation.map { 1 / $0 } }
  }

  /// Nil leaves values as they are.
  public var normalization: Normalization?
  /// In training, the largest random shift in rows and columns; what is uncovered is zero.
  public var cropPadding = 0
  /// In training, whether every other image is mirrored left to right.
  public var flips = false
  /// In training, the side of a random square that becomes the mean; 0 for none.
  public var cutout = 0

  /// No change.
  public init() {}

  /// Whether anything is random.
  public var augments: Bool { cropPadding > 0 || flips || cutout > 0 }

  /// - Throws: `TrainingError` where the samples are no images, or smaller than what is to be done to them.
  func checkAugmentation(of samples: SampleDescription) throws(TrainingError) {
    guard augments else { return }
    guard samples.shape.count == 3, samples.vocabulary == nil else {
      throw TrainingError(
        "augment-crop, augment-flip and augment-cutout are for images, and \(samples.dataset) has none")
    }
    let (height, width) = (samples.shape[1], samples.shape[2])
    for (key, pixels) in [("augment-crop", cropPadding), ("augment-cutout", cutout)] where pixels > max(height, width) {
      throw TrainingError(
        "\(key): \(pixels) pixels are more than the images of \(samples.dataset) have, \(height)×\(width)")
    }
  }

  /// Traces samples `[B, …]` from stored features `[B, F]`: scaled, and prepared where they are images.
  ///
  /// - Parameter name: the source, whose buffer `NAME.moments` holds what images are normalized by.
  func samples(_ stored: Tensor, of table: Table, name: String) -> Tensor {
    let (scale, shift) = (Expression(Double(table.scale)), Expression(Double(table.shift)))
    let features = pointwise(stored) { $0[0] * scale + shift }
      .reshaped(to: Shape([stored.shape[0]] + table.sampleShape))
    guard table.sampleShape.count == 3 else { return features }
    return apply(features, parameters: normalization.map { stored.graph.input("\(name).moments", [2, $0.mean.count]) })
  }

  /// Traces the changes; `parameters` is the buffer `[2, C]` of means and of reciprocal deviations.
  private func apply(_ images: Tensor, parameters: Tensor?) -> Tensor {
    var x = images
    let isTraining = images.graph.isTraining
    if isTraining, cropPadding > 0 || flips { x = x.augmented(padding: cropPadding, flips: flips) }
    if let parameters {
      let channels = parameters.shape[1]
      let mean = parameters.slice(0..<1).reshaped(to: [channels, 1, 1])
      let scale = parameters.slice(1..<2).reshaped(to: [channels, 1, 1])
      x = (x - mean) * scale
    }
    // Behind the normalization, so that a hole is the mean.
    if isTraining, cutout > 0 { x = x.augmented(cutout: cutout) }
    return x
  }
}
