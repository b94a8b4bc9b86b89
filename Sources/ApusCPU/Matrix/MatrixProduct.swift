import ApusCPUKernels

/// A matrix product of a fixed shape, ready to run any number of times.
///
/// C is computed in tasks, rectangles of a few register tiles; every element is one sum in the order of k, cut at
/// places that depend on the shape alone, so the bits do not depend on the threads. Operands may be read up to 60
/// bytes past their ends.
package struct MatrixProduct: Sendable {
  /// Called with the part of C that has just become final, while it is in the cache, and its first element.
  package typealias Epilogue =
    (
      _ worker: Int, _ entry: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ c: UnsafeMutablePointer<Float>
    ) -> Void

  /// The operands' first elements; C is written, or added to.
  package struct Operands: @unchecked Sendable {
    package var a: UnsafePointer<Float>
    package var b: UnsafePointer<Float>
    package var c: UnsafeMutablePointer<Float>
    package var accumulates: Bool
    /// What the epilogue reads beside C, to be fetched before it is called.
    package var besides: Besides?
    /// Where the sum of each of A's rows goes, if it is wanted; only where the product `sumsRows`.
    package var rowSums: UnsafeMutablePointer<Float>?

    package init(
      a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>, accumulates: Bool = false,
      besides: Besides? = nil, rowSums: UnsafeMutablePointer<Float>? = nil
    ) {
      self.a = a
      self.b = b
      self.c = c
      self.accumulates = accumulates
      self.besides = besides
      self.rowSums = rowSums
    }
  }

  /// A matrix of C's extents whose rows are contiguous.
  package struct Besides {
    package var start: UnsafePointer<Float>
    package var layout: MatrixShape.Layout

    package init(_ start: UnsafePointer<Float>, _ layout: MatrixShape.Layout) {
      self.start = start
      self.layout = layout
    }
  }

  private let plan: MatrixPlan
  private let kernels: MatrixKernels
  /// Whether the product is carried out as `Cᵀ = Bᵀ · Aᵀ`.
  private let isTransposed: Bool

  /// Plans a product for the kernels of an instruction set and a number of threads.
  package init(_ shape: MatrixShape, kernels: MatrixKernels, threadCount: Int) {
    self.kernels = kernels
    // A row times a transposed matrix is that matrix times a column: dot products. And a column-major matrix times a
    // column is a row times a row-major matrix: its rows are added up.
    isTransposed =
      shape.m == 1 && shape.n > 1 && shape.right.columnStride != 1
      || shape.n == 1 && shape.m > 1 && shape.left.rowStride == 1 && shape.output.rowStride == 1
    plan = MatrixPlan(isTransposed ? shape.transposed : shape, kernels: kernels, threadCount: threadCount)
  }

  /// Whether the sums of A's rows can be had beside the product: where its columns are contiguous and each task goes along all
  /// of the summation. This too follows from the shape alone.
  package var sumsRows: Bool {
    !isTransposed && plan.splits == 1 && plan.shape.batch.isEmpty && plan.shape.left.rowStride == 1
  }

  /// The floats of scratch memory that `run` needs, aligned to 64 bytes.
  package var scratchCount: Int { plan.scratch.count }

  /// Computes the product.
  package func run(
    _ operands: Operands, scratch: UnsafeMutablePointer<Float>, on pool: ThreadPool, epilogue: Epilogue? = nil
  ) {
    var operands = operands
    if isTransposed {
      let a = operands.a
      operands.a = operands.b
      operands.b = a
    }
    let count = plan.shape.batchCount
    var first = 0
    while first < count {
      let group = first..<min(count, first + plan.batchGroup)
      var depth = 0
      repeat {
        let range = depth..<min(plan.shape.k, depth + plan.packedDepth)
        let pass = MatrixPass(
          plan: plan, kernels: kernels, operands: operands, scratch: scratch, entries: group, depth: range,
          isTransposed: isTransposed)
        pass.pack(on: pool)
        pass.multiply(on: pool, epilogue: epilogue)
        depth = range.upperBound
      } while depth < plan.shape.k
      first = group.upperBound
    }
  }
}
