import ApusCompiler
import ApusExpression

extension LaunchPlanner {
  /// One product for each position of all batch axes but the longest, over which it is batched.
  private func products(
    _ kernel: MatrixProductKernel, _ instruction: Instruction, epilogue: Expression,
    extras: [(slice: BufferSlice, matrix: MatrixProductKernel.Matrix)]
  ) -> [MatrixProduct] {
    let inner = kernel.batch.indices.max { kernel.batch[$0] < kernel.batch[$1] }
    var offsets: [[Int]] = [[]]
    for axis in kernel.batch.indices {
      offsets = offsets.flatMap { prefix in
        (axis == inner ? 0..<1 : 0..<kernel.batch[axis]).map { prefix + [$0] }
      }
    }
    return offsets.map { position in
      func start(_ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix) -> MemoryRange {
        let whole = memory(slice)
        let skipped = zip(position, matrix.batchStrides).reduce(0) { $0 + $1.0 * $1.1 } * slice.elementType.byteCount
        return whole.range(at: skipped, size: whole.size - skipped)
      }
      func operand(
        _ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix, rows: Int, columns: Int
      ) -> MatrixProduct.Operand {
        var (rowStride, columnStride) = (matrix.rowStride, matrix.columnStride)
        // An axis of extent 1 is contiguous in whatever way is wanted.
        if rows == 1 && columnStride != 1 { rowStride = 1 }
        if columns == 1 && rowStride != 1 { columnStride = 1 }
        if rowStride == 0 { rowStride = columns }
        if columnStride == 0 { columnStride = 1 }
        return MatrixProduct.Operand(
          start(slice, matrix), rowStride: rowStride, columnStride: columnStride,
          batchStride: inner.map { matrix.batchStrides[$0] } ?? 0)
      }
      let batch = inner.map { kernel.batch[$0] } ?? 1
      return MatrixProduct(
        m: kernel.m, n: kernel.n, k: kernel.k, batch: batch,
        a: operand(instruction.inputs[0], kernel.left, rows: kernel.m, columns: kernel.k),
        b: operand(instruction.inputs[1], kernel.right, rows: kernel.k, columns: kernel.n),
        c: MatrixProduct.Operand(
          start(instruction.outputs[0], kernel.output), rowStride: kernel.output.rowStride, columnStride: 1,
          batchStride: inner.map { kernel.output.batchStrides[$0] } ?? 0),
        epilogue: epilogue,
        inputs: extras.map { slice, matrix in
          TensorView(
            start(slice, matrix), ElementType(slice.elementType), shape: [batch, kernel.m, kernel.n],
            strides: [inner.map { matrix.batchStrides[$0] } ?? 0, matrix.rowStride, matrix.columnStride])
        }, precision: precision)
    }
  }

  /// The products as they are launched, and whether their epilogue follows in a launch of its own.
  func products(
    _ kernel: MatrixProductKernel, _ instruction: Instruction
  ) -> (products: [MatrixProduct], isEpilogueSeparate: Bool) {
    let extras = extras(of: kernel, instruction)
    let epilogue = kernel.epilogue ?? .input(0)
    // An epilogue that loads columns far apart, or numbers its elements over several batch axes, runs by itself; and on a
    // processor one with costly functions of another matrix, because between their instructions few of its loads from a
    // tile's short rows are under way at once.
    let loadsMatrix = extras.contains { $0.matrix.columnStride != 0 && $0.matrix.rowStride != 0 }
    let isSeparate =
      extras.contains { $0.matrix.columnStride > 1 && kernel.n > 1 } || (epilogue.isRandom && kernel.batch.count > 1)
      || (device.style == .wide && loadsMatrix && !epilogue.isRandom && epilogue.hasCostlyFunction)
    let products = products(
      kernel, instruction, epilogue: isSeparate ? .input(0) : epilogue, extras: isSeparate ? [] : extras)
    return (products, isSeparate)
  }

  /// The sums of the left operand's rows, where they are launched by themselves.
  func rowSums(_ kernel: MatrixProductKernel, _ instruction: Instruction) -> Reduction {
    reduction(kernel.rowSums, [instruction.inputs[0]], [instruction.outputs[1]])
  }

  private func extras(
    of kernel: MatrixProductKernel, _ instruction: Instruction
  ) -> [(slice: BufferSlice, matrix: MatrixProductKernel.Matrix)] {
    zip(instruction.inputs.dropFirst(2), kernel.extras).map { (slice: $0, matrix: $1) }
  }

  func matrixProduct(
    _ kernel: MatrixProductKernel, _ instruction: Instruction, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let (products, isEpilogueSeparate) = products(kernel, instruction)
    var launches: [PlannedLaunch] = []
    for var product in products {
      let variant = product.bestVariant(for: device)
      let sumsRows = kernel.sumsRows && product.sumsRows(variant)
      if sumsRows { product.rowSums = memory(instruction.outputs[1]) }
      launches += try product.plan(device, variant, scratch: scratch, &builder)
      if kernel.sumsRows && !sumsRows {
        launches += try rowSums(kernel, instruction).plan(device, scratch: scratch, &builder)
      }
    }
    if isEpilogueSeparate {
      let extents = kernel.batch + [kernel.m, kernel.n]
      func whole(_ slice: BufferSlice, _ matrix: MatrixProductKernel.Matrix) -> TensorView {
        view(slice, extents, matrix.batchStrides + [matrix.rowStride, matrix.columnStride])
      }
      let result = whole(instruction.outputs[0], kernel.output)
      let chain = Pointwise(
        [kernel.epilogue ?? .input(0)], outputs: [result],
        inputs: [result] + extras(of: kernel, instruction).map { whole($0.slice, $0.matrix) })
      launches.append(try chain.plan(device, &builder))
    }
    return launches
  }
}
