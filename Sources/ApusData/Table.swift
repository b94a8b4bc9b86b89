import ApusFormats

/// The samples of one split: features in one contiguous row-major block, and one label each.
///
/// Features stay as they were stored, often bytes; a stored number `v` stands for `v · scale + shift`, which
/// is applied where a batch is gathered, on the device.
public struct Table: Sendable {
  /// The type in which features are stored.
  public enum ElementType: Hashable, Sendable {
    case uint8
    case float32

    /// The size of one element in bytes.
    public var byteCount: Int { self == .uint8 ? 1 : 4 }
  }

  /// The number of samples.
  public let count: Int
  /// The dimensions of one sample, such as `[1, 28, 28]` or `[13]`.
  public let sampleShape: [Int]
  /// The type in which features are stored.
  public let elementType: ElementType
  /// What a stored number is multiplied by.
  public let scale: Float
  /// What is added after that.
  public let shift: Float
  /// The stored features, `count` samples after one another.
  public let features: ByteStorage
  /// The class of each sample; empty where there are no labels, as in rows to predict.
  public let labels: [Int32]

  /// A table over features that are already laid out.
  ///
  /// - Precondition: `features` holds exactly `count` samples, and `labels` as many or none.
  public init(
    count: Int, sampleShape: [Int], elementType: ElementType, scale: Float, shift: Float = 0,
    features: ByteStorage, labels: [Int32]
  ) {
    let expected = count * sampleShape.reduce(elementType.byteCount, *)
    precondition(features.count == expected, "\(features.count) bytes of features, \(expected) expected")
    precondition(labels.isEmpty || labels.count == count, "\(labels.count) labels for \(count) samples")
    self.count = count
    self.sampleShape = sampleShape
    self.elementType = elementType
    self.scale = scale
    self.shift = shift
    self.features = features
    self.labels = labels
  }

  /// The number of features of one sample.
  public var featureCount: Int { sampleShape.reduce(1, *) }

  /// Writes one sample's features, with scale and shift applied, into `destination`.
  ///
  /// - Precondition: `0 <= sample < count`, and `destination` holds `featureCount` values.
  public func copyFeatures(of sample: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(sample >= 0 && sample < count && destination.count == featureCount)
    features.withBytes { bytes in
      switch elementType {
      case .uint8:
        let start = sample * featureCount
        for index in 0..<featureCount { destination[index] = Float(bytes[start + index]) * scale + shift }
      case .float32:
        let values = bytes.bindMemory(to: Float.self)
        let start = sample * featureCount
        for index in 0..<featureCount { destination[index] = values[start + index] * scale + shift }
      }
    }
  }

  /// One sample's features, with scale and shift applied.
  public func features(of sample: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: featureCount) { buffer, initialized in
      buffer.initialize(repeating: 0)
      copyFeatures(of: sample, into: buffer)
      initialized = featureCount
    }
  }

  /// The first samples of the table, sharing its features.
  public func prefix(_ maximum: Int) -> Table {
    let kept = min(max(maximum, 0), count)
    return Table(
      count: kept, sampleShape: sampleShape, elementType: elementType, scale: scale, shift: shift,
      features: features.part(0..<kept * featureCount * elementType.byteCount),
      labels: labels.isEmpty ? [] : Array(labels[..<kept]))
  }
}
