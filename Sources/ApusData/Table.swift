import ApusFormats

/// The samples of one split: features in one contiguous row-major block or in sparse rows, and one label each.
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

  /// The stored features, `count` samples after one another.
  public enum Features: Sendable {
    /// Row-major unsigned bytes.
    case bytes(ByteStorage)
    /// Row-major single-precision numbers.
    case floats(ByteStorage)
    /// The features that are not 0.
    case sparse(SparseRows)

    /// The type of the stored numbers.
    public var elementType: ElementType { if case .bytes = self { .uint8 } else { .float32 } }

    /// The contiguous block; nil for sparse rows.
    public var block: ByteStorage? {
      switch self {
      case .bytes(let storage), .floats(let storage): storage
      case .sparse: nil
      }
    }

    /// The sparse rows; nil for a contiguous block.
    public var sparseRows: SparseRows? { if case .sparse(let rows) = self { rows } else { nil } }
  }

  /// The number of samples.
  public let count: Int
  /// The dimensions of one sample, such as `[1, 28, 28]` or `[13]`.
  public let sampleShape: [Int]
  /// The stored features.
  public let features: Features
  /// What a stored number is multiplied by.
  public let scale: Float
  /// What is added after that; 0 where features are sparse.
  public let shift: Float
  /// The class of each sample; empty where there are no labels, as in rows to predict.
  public let labels: [Int32]

  /// A table over features that are already laid out.
  ///
  /// - Precondition: `features` holds exactly `count` samples of `sampleShape`, and `labels` as many or none;
  ///   sparse features have no shift.
  public init(
    count: Int, sampleShape: [Int], features: Features, scale: Float = 1, shift: Float = 0, labels: [Int32]
  ) {
    let featureCount = sampleShape.reduce(1, *)
    switch features {
    case .bytes(let storage), .floats(let storage):
      let expected = count * featureCount * features.elementType.byteCount
      precondition(storage.count == expected, "\(storage.count) bytes of features, \(expected) expected")
    case .sparse(let rows):
      precondition(rows.count == count, "\(rows.count) sparse rows for \(count) samples")
      precondition(rows.columnCount == featureCount, "\(rows.columnCount) columns, \(featureCount) expected")
      precondition(shift == 0, "sparse features cannot be shifted")
    }
    precondition(labels.isEmpty || labels.count == count, "\(labels.count) labels for \(count) samples")
    self.count = count
    self.sampleShape = sampleShape
    self.features = features
    self.scale = scale
    self.shift = shift
    self.labels = labels
  }

  /// The type in which features are stored.
  public var elementType: ElementType { features.elementType }

  /// The number of features of one sample.
  public var featureCount: Int { sampleShape.reduce(1, *) }

  /// Writes one sample's features, with scale and shift applied, into `destination`.
  ///
  /// - Precondition: `0 <= sample < count`, and `destination` holds `featureCount` values.
  public func copyFeatures(of sample: Int, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(sample >= 0 && sample < count && destination.count == featureCount)
    let start = sample * featureCount
    switch features {
    case .bytes(let storage):
      storage.withBytes { bytes in
        for index in 0..<featureCount { destination[index] = Float(bytes[start + index]) * scale + shift }
      }
    case .floats(let storage):
      storage.withBytes { bytes in
        let values = bytes.bindMemory(to: Float.self)
        for index in 0..<featureCount { destination[index] = values[start + index] * scale + shift }
      }
    case .sparse(let rows):
      destination.update(repeating: 0)
      for place in rows.places(of: sample) { destination[Int(rows.columns[place])] = rows.values[place] * scale }
    }
  }

  /// One sample's features, with scale and shift applied.
  public func features(of sample: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: featureCount) { buffer, initialized in
      buffer.initialize(repeating: 0)
      copyFeatures(of: sample, into: UnsafeMutableBufferPointer(rebasing: buffer[..<featureCount]))
      initialized = featureCount
    }
  }

  /// The first samples of the table, sharing its features.
  public func prefix(_ maximum: Int) -> Table {
    let kept = min(max(maximum, 0), count)
    let byteCount = kept * featureCount * elementType.byteCount
    let part: Features =
      switch features {
      case .bytes(let storage): .bytes(storage.part(0..<byteCount))
      case .floats(let storage): .floats(storage.part(0..<byteCount))
      case .sparse(let rows): .sparse(rows.prefix(kept))
      }
    return Table(
      count: kept, sampleShape: sampleShape, features: part, scale: scale, shift: shift,
      labels: labels.isEmpty ? [] : Array(labels[..<kept]))
  }
}
