/// How a matrix product is gone through. What suits is known by the shape, as measured with operands that are in no core's
/// cache: so they are in a training step.
enum MatrixWay {
  /// Tasks are rectangles of tiles of C. B is read in place, or from panels that are all copied before any is multiplied.
  case rectangles(packsRight: Bool)
  /// A task copies the panel of B that it multiplies with all rows of A. It finds it in its caches then, no thread waits for
  /// another's copies, and what comes next is fetched while it multiplies.
  case panels
  /// A task goes along the summation in short stretches that it reads once, each for all of its part of C, while the next
  /// stretch is fetched. Nothing is copied.
  case stretches

  /// The way for a product whose summation is cut into some partial products.
  init(_ shape: MatrixShape, _ tiles: MatrixTiles, splits: Int, threadCount: Int) {
    let tasks = tiles.columns * shape.batchCount * splits
    if shape.suitsPanels, tasks.isMultiple(of: threadCount) || tasks >= 3 * threadCount {
      self = .panels
    } else if splits == 1, shape.suitsStretches(tiles) {
      self = .stretches
    } else {
      self = .rectangles(packsRight: shape.suitsPackedRight)
    }
  }

  /// Whether all panels of B are copied first.
  var packsRight: Bool { if case .rectangles(true) = self { true } else { false } }
  var isByPanels: Bool { if case .panels = self { true } else { false } }
  var isByStretches: Bool { if case .stretches = self { true } else { false } }

  /// Whether A is copied into tiles before all else; it is otherwise read in place.
  func packsLeft(of shape: MatrixShape) -> Bool {
    guard shape.m > 1, shape.k > 1 else { return false }
    switch self {
    case .stretches: return false
    case .panels: return shape.suitsPackedLeft
    case .rectangles: return shape.suitsPackedLeft || shape.usesLeftOften
    }
  }
}

extension MatrixShape {
  /// The rows of A up to which a panel of B stays in a core's caches beside all of them. From there on it matters that A is
  /// read once.
  static let manyRows = 256

  /// The stride in floats from which the steps of a summation that are read in place fall into so few sets of the caches,
  /// and so many pages, that copies pay.
  private static let scatteringStride = 512

  /// Whether every batch entry multiplies the same matrix.
  var sharesRight: Bool { right.batchStrides.allSatisfy { $0 == 0 } }
  var sharesLeft: Bool { left.batchStrides.allSatisfy { $0 == 0 } }

  /// Whether the rows of B, which a tile reads as vectors, are not contiguous.
  private var rightIsScattered: Bool { right.columnStride != 1 }

  /// Whether copies of all panels of B pay: always where it has no contiguous rows; where these lie far apart, when there
  /// are enough rows of A to use a copy often, or fewer if B does not fit into a second-level cache beside the rest.
  fileprivate var suitsPackedRight: Bool {
    let usesRightOften = m >= 384 || (m >= 96 && n * k >= 1 << 18)
    return n > 1
      && (rightIsScattered || (k > 1 && right.rowStride >= MatrixShape.scatteringStride && usesRightOften))
  }

  /// Whether a panel of B is best copied by the task that multiplies it: for few rows of A, where B has no contiguous rows
  /// or is so long and large that fetching it ahead pays.
  fileprivate var suitsPanels: Bool {
    k > 1 && n > 1 && m <= MatrixShape.manyRows && (batchCount == 1 || !sharesRight)
      && (rightIsScattered || (m >= 48 && k >= 256 && n * k >= 1 << 17))
  }

  /// Whether long sums make a C so small that each thread keeps its part in its caches while it goes along them: gradients
  /// of weights, whose A is read down its columns.
  fileprivate func suitsStretches(_ tiles: MatrixTiles) -> Bool {
    left.rowStride == 1 && !suitsPackedRight && !suitsPanels && k >= 256 && m >= 96 && n >= tiles.width
      && m * n <= 1 << 17
  }

  /// Whether a copy of A pays since neither its rows nor its columns are contiguous, or the columns lie far apart.
  fileprivate var suitsPackedLeft: Bool {
    let isScattered = left.rowStride != 1 && left.columnStride != 1
    return isScattered || (left.rowStride == 1 && left.columnStride >= MatrixShape.scatteringStride && n >= 96)
  }

  /// Whether there are so many columns of C that a copy of A pays even for contiguous rows, unless it is tiny.
  fileprivate var usesLeftOften: Bool { n >= 384 && m * k >= 1 << 15 }
}
