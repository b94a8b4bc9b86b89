import ApusCPUKernels

/// How a matrix product is carried out: what is packed, how the summation is cut, who does what.
///
/// What the result's bits depend on (how the summation is cut) follows from the shape alone; how the result is
/// cut into tasks also depends on the number of threads.
struct MatrixPlan {
  let shape: MatrixShape
  /// Whether B, or A, is copied into panels first. Both are otherwise read in place.
  let packsRight: Bool
  let packsLeft: Bool

  /// The steps of the summation between two visits of a tile of C.
  let depthBlock: Int
  /// How many partial products the summation is cut into, each `splitDepth` steps long.
  let splits: Int
  let splitDepth: Int
  /// The steps of the summation that are packed at a time.
  let packedDepth: Int
  /// The batch entries that are worked on at a time.
  let batchGroup: Int

  /// The rows and columns of C in one task.
  let taskRows: Int
  let taskColumns: Int
  /// Whether neighbouring tasks share rows, and not columns.
  let sharesRows: Bool
  /// Whether the work is too little to share.
  let isSerial: Bool
  let packsSerially: Bool

  /// Floats of one entry's packed operands, and whether every entry has the same.
  let packedRightCount: Int
  let packedLeftCount: Int
  let sharesRight: Bool
  let sharesLeft: Bool

  /// The scratch memory, in floats.
  let scratchCount: Int

  /// Floats of packed operands that still stay in a last-level cache beside what they are made of.
  private static let packedLimit = 4 << 20
  /// Multiplications worth waking another thread for: about two microseconds.
  private static let serialLimit = 200_000
  /// Multiplications that make a task too small to be worth halving.
  private static let taskLimit = 300_000
  /// Elements worth waking another thread for when packing.
  private static let serialPackingLimit = 20_000
  /// The stride in floats from which the steps of a summation that are read in place fall into so few sets of the caches,
  /// and so many pages, that copies pay.
  private static let scatteringStride = 512
  /// The rows and columns on which a copy of the other operand is used often enough.
  private static let packingRows = 384
  private static let packingColumns = 96
  /// The same rows, and the elements of B, where B does not fit into a second-level cache beside the rest.
  private static let fewPackingRows = 96
  private static let largeRight = 1 << 18
  /// The rows from which it matters that A is read once.
  private static let manyRows = 256

  init(_ shape: MatrixShape, kernels: MatrixKernels, threadCount: Int) {
    self.shape = shape
    let (m, n, k) = (shape.m, shape.n, shape.k)
    let tiles = (m + kernels.tileRows - 1) / kernels.tileRows
    let panels = (n + kernels.panelColumns - 1) / kernels.panelColumns

    // Rows of A are read in place in either direction, and so is B where its rows are contiguous, unless the steps of the
    // summation lie far apart in memory.
    let leftIsScattered = shape.left.rowStride != 1 && shape.left.columnStride != 1
    packsLeft =
      m > 1 && k > 1
      && (leftIsScattered
        || (shape.left.rowStride == 1 && shape.left.columnStride >= MatrixPlan.scatteringStride
          && n >= MatrixPlan.packingColumns))
    let usesRightOften =
      m >= MatrixPlan.packingRows || (m >= MatrixPlan.fewPackingRows && n * k >= MatrixPlan.largeRight)
    packsRight =
      k > 1 && n > 1
      && (shape.right.columnStride != 1
        || (shape.right.rowStride >= MatrixPlan.scatteringStride && usesRightOften))

    let batchCount = shape.batchCount
    let work = m * n * k
    let splits = batchCount * tiles * panels <= 32 && k >= 2048 ? min(16, k / 1024) : 1
    splitDepth = ((k + splits - 1) / splits + 7) / 8 * 8
    self.splits = max(1, (k + splitDepth - 1) / max(splitDepth, 1))
    let summed = min(k, splitDepth)
    let blocks = max(1, (summed + 511) / 512)
    depthBlock = max(1, ((summed + blocks - 1) / blocks + 7) / 8 * 8)

    let packedPerStep =
      (packsRight ? panels * kernels.panelColumns : 0) + (packsLeft ? tiles * kernels.tileRows : 0)
    let fitting = MatrixPlan.packedLimit / max(packedPerStep, 1) / depthBlock * depthBlock
    packedDepth = self.splits > 1 || packedPerStep * k <= MatrixPlan.packedLimit ? max(k, 1) : max(depthBlock, fitting)
    packedRightCount = packsRight ? panels * kernels.panelColumns * packedDepth : 0
    packedLeftCount = packsLeft ? tiles * kernels.tileRows * packedDepth : 0
    sharesRight = shape.right.batchStrides.allSatisfy { $0 == 0 }
    sharesLeft = shape.left.batchStrides.allSatisfy { $0 == 0 }
    let perEntry = (sharesRight ? 0 : packedRightCount) + (sharesLeft ? 0 : packedLeftCount)
    let partials = self.splits > 1 ? self.splits * m * n : 0
    batchGroup = max(
      1, min(batchCount, perEntry + partials == 0 ? batchCount : MatrixPlan.packedLimit / (perEntry + partials)))
    scratchCount =
      packedRightCount * (sharesRight ? 1 : batchGroup) + packedLeftCount * (sharesLeft ? 1 : batchGroup)
      + partials * batchGroup + 64

    isSerial = work * batchGroup <= MatrixPlan.serialLimit || threadCount == 1
    packsSerially = packedPerStep * packedDepth * batchGroup <= MatrixPlan.serialPackingLimit || threadCount == 1

    // A thread goes on with what it has in its cache of the larger operand, so that this is read once.
    sharesRows = m > n && m >= MatrixPlan.manyRows

    // Tasks as large as the caches like them, halved until there are enough of them to even out.
    var rowTiles = min(tiles, 16)
    var columnPanels = min(panels, 8)
    let copies = batchGroup * self.splits
    func taskCount() -> Int {
      copies * ((tiles + rowTiles - 1) / rowTiles) * ((panels + columnPanels - 1) / columnPanels)
    }
    let tileWork = kernels.tileRows * kernels.panelColumns * min(k, splitDepth)
    while !isSerial, taskCount() < 12 * threadCount, rowTiles * columnPanels > 1,
      rowTiles * columnPanels * tileWork > MatrixPlan.taskLimit
    {
      if rowTiles * kernels.tileRows >= columnPanels * kernels.panelColumns && rowTiles > 1 || columnPanels == 1 {
        rowTiles = (rowTiles + 1) / 2
      } else {
        columnPanels = (columnPanels + 1) / 2
      }
    }
    taskRows = rowTiles * kernels.tileRows
    taskColumns = columnPanels * kernels.panelColumns
  }
}
