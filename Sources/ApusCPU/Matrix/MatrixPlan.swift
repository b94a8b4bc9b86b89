import ApusCPUKernels

/// How a matrix product is carried out: what is packed, how the summation is cut, who does what.
///
/// What the result's bits depend on (how the summation is cut) follows from the shape alone; how the result is
/// cut into tasks also depends on the number of threads.
struct MatrixPlan {
  let shape: MatrixShape
  let way: MatrixWay
  /// Whether A is copied into tiles before all else.
  let packsLeft: Bool

  /// How many partial products the summation is cut into, each `splitDepth` steps long.
  let splits: Int
  let splitDepth: Int
  /// The steps of the summation between two visits of a tile of C.
  let depthBlock: Int
  /// The steps of the summation that are packed at a time.
  let packedDepth: Int
  /// The batch entries that are worked on at a time.
  let batchGroup: Int
  let scratch: MatrixScratch

  /// The tiles of C, and into how many tasks their rows and columns are cut, as evenly as whole tiles allow.
  private let tiles: MatrixTiles
  let rowTasks: Int
  let columnTasks: Int
  /// Whether neighbouring tasks share rows, and not columns: a thread goes on with what it has in its cache of the larger
  /// operand, so that this is read once.
  let sharesRows: Bool
  /// Whether the work, or that of packing, is too little to share.
  let isSerial: Bool
  let packsSerially: Bool

  /// The most steps between two visits of a tile of C, and in a stretch.
  private static let longestBlock = 512
  private static let longestStretch = 128
  /// Floats of packed operands that still stay in a last-level cache beside what they are made of.
  private static let packedLimit = 4 << 20
  /// Multiplications worth waking another thread for: about two microseconds.
  private static let serialLimit = 200_000
  /// Elements worth waking another thread for when packing.
  private static let serialPackingLimit = 20_000

  init(_ shape: MatrixShape, kernels: MatrixKernels, threadCount: Int) {
    self.shape = shape
    let (m, n, k) = (shape.m, shape.n, shape.k)
    tiles = MatrixTiles(shape, kernels)

    // Where C has few tiles, long sums give the other threads something to do.
    let batchCount = shape.batchCount
    let wanted = batchCount * tiles.rows * tiles.columns <= 32 && k >= 2048 ? min(16, k / 1024) : 1
    splitDepth = ((k + wanted - 1) / wanted + 7) / 8 * 8
    splits = max(1, (k + splitDepth - 1) / max(splitDepth, 1))
    way = MatrixWay(shape, tiles, splits: splits, threadCount: threadCount)
    packsLeft = way.packsLeft(of: shape)

    let summed = min(k, splitDepth)
    let longest = way.isByStretches ? MatrixPlan.longestStretch : MatrixPlan.longestBlock
    let blocks = max(1, (summed + longest - 1) / longest)
    depthBlock = max(1, ((summed + blocks - 1) / blocks + 7) / 8 * 8)

    let (right, left) = (
      way.packsRight ? tiles.columns * tiles.width : 0, packsLeft ? tiles.rows * tiles.height : 0
    )
    let fitting = MatrixPlan.packedLimit / max(right + left, 1) / depthBlock * depthBlock
    packedDepth =
      splits > 1 || (right + left) * k <= MatrixPlan.packedLimit ? max(k, 1) : max(depthBlock, fitting)
    let partials = splits > 1 ? splits * m * n : 0
    let perEntry =
      (shape.sharesRight ? 0 : right * packedDepth) + (shape.sharesLeft ? 0 : left * packedDepth) + partials
    batchGroup = max(1, min(batchCount, perEntry == 0 ? batchCount : MatrixPlan.packedLimit / perEntry))
    scratch = MatrixScratch(
      panel: way.isByPanels ? tiles.width * depthBlock : 0, workers: threadCount, right: right * packedDepth,
      left: left * packedDepth, partials: partials, sharesRight: shape.sharesRight, sharesLeft: shape.sharesLeft,
      entries: batchGroup)

    isSerial = m * n * k * batchGroup <= MatrixPlan.serialLimit || threadCount == 1
    packsSerially =
      (right + left) * packedDepth * batchGroup <= MatrixPlan.serialPackingLimit || threadCount == 1
    sharesRows = !way.isByPanels && m > n && m >= MatrixShape.manyRows

    let task = tiles.task(
      way, steps: min(k, splitDepth), copies: batchGroup * splits, threadCount: isSerial ? nil : threadCount)
    rowTasks = (tiles.rows + task.rows - 1) / task.rows
    columnTasks = (tiles.columns + task.columns - 1) / task.columns
  }

  /// A task's part of C.
  func part(_ task: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = sharesRows ? (task / columnTasks, task % columnTasks) : (task % rowTasks, task / rowTasks)
    func range(_ part: Int, of parts: Int, _ tiles: Int, _ length: Int, _ extent: Int) -> Range<Int> {
      part * tiles / parts * length..<min(extent, (part + 1) * tiles / parts * length)
    }
    return (
      range(row, of: rowTasks, tiles.rows, tiles.height, shape.m),
      range(column, of: columnTasks, tiles.columns, tiles.width, shape.n)
    )
  }

  /// Whether what is read next of A is fetched.
  var fetchesLeft: Bool { !packsLeft && (way.isByStretches || sharesRows) }
}
