import ApusCPUKernels
import ApusCompiler
import ApusExpression
import ApusGraph

/// An expression with its operands' geometry, compiled for the interpreter; owns the plan's memory.
final class Chain {
  /// How an operand lies over the chain's rows and columns.
  struct Operand {
    var address: OperandAddress?
    var elementType: ElementType
    var rowStrides: [Int]
    var columnStride: Int
    /// The operand that picks this one's rows, and how many rows there are to pick from.
    var indices: (address: OperandAddress, tableRows: Int)?

    /// An operand that is read from or written to a buffer.
    init(_ address: OperandAddress, rowStrides: [Int], columnStride: Int) {
      self.address = address
      elementType = address.slice.elementType
      self.rowStrides = rowStrides
      self.columnStride = columnStride
    }

    private init(rowAxes: Int) {
      elementType = .float32
      rowStrides = [Int](repeating: 0, count: rowAxes)
      columnStride = 1
    }

    /// The strip of floats that the chain is applied to.
    static func strip(rowAxes: Int) -> Operand { Operand(rowAxes: rowAxes) }
  }

  /// The plan in memory that stays where it is.
  let plan: UnsafeMutablePointer<ChainPlan>
  /// What one element costs, in simple operations.
  let weight: Int

  private let inputs: [Operand]
  private let outputs: [Operand]
  private let isRandom: Bool
  /// The scalars that are uniforms: position and field.
  private let uniforms: [(scalar: Int, field: Int)]

  /// - Parameter spareRows: the scratch rows that the kernel uses for itself, at least one.
  init(
    _ expressions: [Expression], inputs: [Operand], outputs: [Operand], rowExtents: [Int], columns: Int,
    spareRows: Int = 1
  ) {
    let code = ChainCode(RegisterProgram(expressions), inputCount: inputs.count)
    self.inputs = inputs
    self.outputs = outputs
    uniforms = code.uniforms
    isRandom = expressions.contains(where: \.isRandom)
    weight = code.weight
    // An operand that is the same all along a row takes next to nothing.
    let rows = inputs.count { $0.columnStride != 0 } + code.registerCount + 1
    plan = .allocate(capacity: 1)
    plan.initialize(
      to: ChainPlan(
        code: Chain.copy(code.instructions), codeCount: code.instructions.count,
        inputs: Chain.copy(inputs.map { $0.descriptor(rowExtents, columns) }), inputCount: inputs.count,
        scalars: Chain.copy(code.scalars.flatMap { [Float](repeating: $0, count: ChainPlan.lanes) }),
        scalarCount: code.scalars.count, registerCount: code.registerCount,
        outputs: Chain.copy(outputs.map { $0.descriptor(rowExtents, columns) }), outputCount: outputs.count,
        results: Chain.copy(code.results), rowExtents: Chain.copy(rowExtents), rowAxes: rowExtents.count,
        rows: rowExtents.reduce(1, *), columns: columns, chunk: Chain.chunk(rows: rows, columns: columns),
        spareRows: spareRows))
  }

  deinit {
    let p = plan.pointee
    for index in 0..<p.inputCount { p.inputs[index].rowStrides.deallocate() }
    for index in 0..<p.outputCount { p.outputs[index].rowStrides.deallocate() }
    p.code.deallocate()
    p.inputs.deallocate()
    p.scalars.deallocate()
    p.outputs.deallocate()
    p.results.deallocate()
    p.rowExtents.deallocate()
    plan.deallocate()
  }

  /// The work of the whole chain, in simple operations.
  var work: Int { plan.pointee.rows * plan.pointee.columns * weight }

  /// Sets what a step changes: addresses, random key, uniforms.
  func begin(_ arguments: StepArguments) {
    for (index, operand) in inputs.enumerated() {
      if let address = operand.address { plan.pointee.inputs[index].base = address.pointer }
      if let indices = operand.indices {
        plan.pointee.inputs[index].indices = UnsafePointer(
          indices.address.pointer.assumingMemoryBound(to: Int32.self))
      }
    }
    for (index, operand) in outputs.enumerated() {
      if let address = operand.address { plan.pointee.outputs[index].base = address.pointer }
    }
    if isRandom {
      plan.pointee.keyLow = UInt32(truncatingIfNeeded: arguments.seed)
      plan.pointee.keyHigh = UInt32(truncatingIfNeeded: arguments.seed >> 32)
      plan.pointee.step = arguments.step
    }
    if !uniforms.isEmpty {
      let values = arguments.uniforms.values
      for (scalar, field) in uniforms where field < values.count {
        (plan.pointee.scalars + scalar * ChainPlan.lanes).update(repeating: values[field], count: ChainPlan.lanes)
      }
    }
  }

  /// As many elements as keep all rows in 24 KiB, in 256 ... 1024; less where a row is then cut into equal parts.
  private static func chunk(rows: Int, columns: Int) -> Int {
    let most = max(256, min(1024, 24 * 1024 / 4 / rows / 64 * 64))
    let parts = (columns + most - 1) / most
    return columns <= most ? most : ((columns + parts - 1) / parts + 63) / 64 * 64
  }

  private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    for (index, element) in elements.enumerated() { (copy + index).initialize(to: element) }
    return copy
  }
}

extension Chain.Operand {
  /// The operand as the kernels see it, without its address.
  fileprivate func descriptor(_ rowExtents: [Int], _ columns: Int) -> ChainOperand {
    let strides = UnsafeMutablePointer<Int>.allocate(capacity: max(rowStrides.count, 1))
    for (axis, stride) in rowStrides.enumerated() { (strides + axis).initialize(to: stride) }
    var operand = ChainOperand(
      base: UnsafeMutableRawPointer(strides), element: ChainElement(elementType), columnStride: columnStride,
      rowStrides: strides)
    operand.tableRows = indices?.tableRows ?? 0
    operand.isStrip = address == nil
    guard !operand.isStrip, indices == nil else { return operand }

    let isColumnFree = columns == 1 || columnStride == 0
    let isRowFree = zip(rowExtents, rowStrides).allSatisfy { $0 == 1 || $1 == 0 }
    operand.isScalar = isColumnFree && isRowFree
    operand.isPeriodic = isRowFree && columnStride == 1 && elementType == .float32
    var expected = columns
    var isDense = columns == 1 || columnStride == 1
    for (extent, stride) in zip(rowExtents, rowStrides).reversed() where extent != 1 {
      isDense = isDense && stride == expected
      expected *= extent
    }
    operand.isDense = isDense
    return operand
  }
}

extension ChainElement {
  init(_ type: ElementType) {
    switch type {
    case .float32: self = .float32
    case .int32: self = .int32
    case .uint8: self = .uint8
    }
  }
}
