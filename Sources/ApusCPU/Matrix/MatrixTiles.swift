import ApusCPUKernels

/// The register tiles that make up C: how many lie one below the other, and how many panels side by side.
struct MatrixTiles {
  let rows: Int
  let columns: Int
  /// The rows and columns of C in a tile.
  let height: Int
  let width: Int

  /// Multiplications that make a task too small to be worth halving.
  private static let taskLimit = 300_000

  init(_ shape: MatrixShape, _ kernels: MatrixKernels) {
    rows = (shape.m + kernels.tileRows - 1) / kernels.tileRows
    columns = (shape.n + kernels.panelColumns - 1) / kernels.panelColumns
    height = kernels.tileRows
    width = kernels.panelColumns
  }

  /// The tiles of a task.
  ///
  /// - Parameters:
  ///   - steps: of the summation in a task.
  ///   - copies: how often the tiles are shared out.
  ///   - threadCount: nil where the work is too little to share.
  func task(_ way: MatrixWay, steps: Int, copies: Int, threadCount: Int?) -> (rows: Int, columns: Int) {
    switch way {
    case .panels: return (rows, 1)
    case .stretches:
      let tasks = 4 * (threadCount ?? 1)
      return ((rows + tasks - 1) / tasks, columns)
    case .rectangles:
      // As large as the caches like them, halved until there are enough of them to even out.
      var (taskRows, taskColumns) = (min(rows, 16), min(columns, 8))
      func taskCount() -> Int {
        copies * ((rows + taskRows - 1) / taskRows) * ((columns + taskColumns - 1) / taskColumns)
      }
      while let threadCount, taskCount() < 12 * threadCount, taskRows * taskColumns > 1,
        taskRows * height * taskColumns * width * steps > MatrixTiles.taskLimit
      {
        let isTall = taskRows > 1 && taskRows * height >= taskColumns * width
        if isTall || taskColumns == 1 { taskRows = (taskRows + 1) / 2 } else { taskColumns = (taskColumns + 1) / 2 }
      }
      return (taskRows, taskColumns)
    }
  }
}
