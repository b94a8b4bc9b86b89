import ApusCPUKernels

/// How a matrix product is carried out: what is packed, how the summation is cut, who does what.
///
/// What the result's bits depend on (how the summation is cut) follows from the shape alone; how the result is
/// cut into tasks also depends on the number of threads.
struct MatrixPlan {
  /// When B is copied into panels.
  enum Packing {
    /// It is read in place.
    case never
    /// All panels are copied before any is multiplied.
    case first
    /// A task copies the panel that it multiplies with all rows of A. It finds it in its caches then, no thread waits for
    /// another's copies, and what comes next is fetched while it multiplies.
    case inTasks
  }

  let shape: MatrixShape
  /// When B is copied into panels, and whether A is, before all else. A is otherwise read in place.
  let packing: Packing
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

  /// Whether a task goes along the summation in short stretches that it reads once, each for all of its part of C, while
  /// the next stretch is fetched.
  let walksSteps: Bool
  /// Whether what is read next of A is fetched.
  let fetchesLeft: Bool

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

  /// Floats of the panel that a worker packs in its tasks, and of all workers' panels.
  let panelCount: Int
  let panelsCount: Int

  /// The scratch memory, in floats.
  let scratchCount: Int

  /// The most steps between two visits of a tile of C.
  private static let longestBlock = 512
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
  /// The rows from which it matters that A is read once, and up to which panels are packed in tasks.
  private static let manyRows = 256
  /// The steps of the summation from which, and the elements of B from which, contiguous rows are worth packing in tasks.
  private static let manySteps = 256
  private static let panelRows = 48
  private static let panelRight = 1 << 17
  /// The columns on which a copy of A is used so often that it pays even for contiguous rows, and the elements of such an A.
  private static let packingOften = 384
  private static let packedOften = 1 << 15
  /// The most elements of C, of which each thread keeps its part in its caches while it walks along the summation, the fewest
  /// rows, and the steps of a stretch.
  private static let walkedOutput = 1 << 17
  private static let walkedRows = 96
  private static let walkedSteps = 128

  init(_ shape: MatrixShape, kernels: MatrixKernels, threadCount: Int) {
    self.shape = shape
    let (m, n, k) = (shape.m, shape.n, shape.k)
    let tiles = (m + kernels.tileRows - 1) / kernels.tileRows
    let panels = (n + kernels.panelColumns - 1) / kernels.panelColumns

    let batchCount = shape.batchCount
    let work = m * n * k
    let splits = batchCount * tiles * panels <= 32 && k >= 2048 ? min(16, k / 1024) : 1
    splitDepth = ((k + splits - 1) / splits + 7) / 8 * 8
    self.splits = max(1, (k + splitDepth - 1) / max(splitDepth, 1))
    let summed = min(k, splitDepth)
    sharesRight = shape.right.batchStrides.allSatisfy { $0 == 0 }
    sharesLeft = shape.left.batchStrides.allSatisfy { $0 == 0 }

    // Rows of A are read in place in either direction, and so is B where its rows are contiguous, unless the steps of the
    // summation lie far apart in memory.
    let rightIsScattered = shape.right.columnStride != 1
    let usesRightOften =
      m >= MatrixPlan.packingRows || (m >= MatrixPlan.fewPackingRows && n * k >= MatrixPlan.largeRight)
    let packsRight =
      k > 1 && n > 1
      && (rightIsScattered || (shape.right.rowStride >= MatrixPlan.scatteringStride && usesRightOften))
    let tasks = panels * batchCount * self.splits
    let suitsPanels =
      k > 1 && n > 1 && m <= MatrixPlan.manyRows && (batchCount == 1 || !sharesRight)
      && (rightIsScattered
        || (m >= MatrixPlan.panelRows && k >= MatrixPlan.manySteps && n * k >= MatrixPlan.panelRight))
    let panelsInTasks = suitsPanels && (tasks % threadCount == 0 || tasks >= 3 * threadCount)
    walksSteps =
      shape.left.rowStride == 1 && !packsRight && !suitsPanels && self.splits == 1 && k >= MatrixPlan.manySteps
      && m >= MatrixPlan.walkedRows && n >= kernels.panelColumns && m * n <= MatrixPlan.walkedOutput
    let longest = walksSteps ? MatrixPlan.walkedSteps : MatrixPlan.longestBlock
    let blocks = max(1, (summed + longest - 1) / longest)
    depthBlock = max(1, ((summed + blocks - 1) / blocks + 7) / 8 * 8)
    packing = panelsInTasks ? .inTasks : packsRight ? .first : .never
    panelCount = panelsInTasks ? kernels.panelColumns * depthBlock : 0
    panelsCount = panelCount * threadCount

    let leftIsScattered = shape.left.rowStride != 1 && shape.left.columnStride != 1
    packsLeft =
      m > 1 && k > 1 && !walksSteps
      && (leftIsScattered
        || (shape.left.rowStride == 1 && shape.left.columnStride >= MatrixPlan.scatteringStride
          && n >= MatrixPlan.packingColumns)
        || (!panelsInTasks && n >= MatrixPlan.packingOften && m * k >= MatrixPlan.packedOften))

    let packedPerStep =
      (packing == .first ? panels * kernels.panelColumns : 0) + (packsLeft ? tiles * kernels.tileRows : 0)
    let fitting = MatrixPlan.packedLimit / max(packedPerStep, 1) / depthBlock * depthBlock
    packedDepth = self.splits > 1 || packedPerStep * k <= MatrixPlan.packedLimit ? max(k, 1) : max(depthBlock, fitting)
    packedRightCount = packing == .first ? panels * kernels.panelColumns * packedDepth : 0
    packedLeftCount = packsLeft ? tiles * kernels.tileRows * packedDepth : 0
    let perEntry = (sharesRight ? 0 : packedRightCount) + (sharesLeft ? 0 : packedLeftCount)
    let partials = self.splits > 1 ? self.splits * m * n : 0
    batchGroup = max(
      1, min(batchCount, perEntry + partials == 0 ? batchCount : MatrixPlan.packedLimit / (perEntry + partials)))
    scratchCount =
      panelsCount + packedRightCount * (sharesRight ? 1 : batchGroup) + packedLeftCount * (sharesLeft ? 1 : batchGroup)
      + partials * batchGroup + 64

    isSerial = work * batchGroup <= MatrixPlan.serialLimit || threadCount == 1
    packsSerially = packedPerStep * packedDepth * batchGroup <= MatrixPlan.serialPackingLimit || threadCount == 1

    // A thread goes on with what it has in its cache of the larger operand, so that this is read once.
    sharesRows = !panelsInTasks && m > n && m >= MatrixPlan.manyRows
    fetchesLeft = !packsLeft && (walksSteps || sharesRows)

    // Tasks as large as the caches like them, halved until there are enough of them to even out.
    var rowTiles = min(tiles, 16)
    var columnPanels = min(panels, 8)
    if panelsInTasks { (rowTiles, columnPanels) = (tiles, 1) }
    if walksSteps { (rowTiles, columnPanels) = ((tiles + 2 * threadCount - 1) / (2 * threadCount), panels) }
    let copies = batchGroup * self.splits
    func taskCount() -> Int {
      copies * ((tiles + rowTiles - 1) / rowTiles) * ((panels + columnPanels - 1) / columnPanels)
    }
    let tileWork = kernels.tileRows * kernels.panelColumns * min(k, splitDepth)
    while !isSerial, !panelsInTasks, !walksSteps, taskCount() < 12 * threadCount, rowTiles * columnPanels > 1,
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
