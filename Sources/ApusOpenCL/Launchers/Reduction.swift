import ApusExpression

/// Plans reductions over any axes: sums or maxima of pointwise chains over the same inputs, in a fixed order.
package struct Reduction {
  /// How two elements become one.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case sum
    /// NaN where any element is.
    case maximum
  }

  let kind: Kind
  /// What is reduced, over the elements of the inputs: one for each output, at most four.
  let prologues: [Expression]
  /// Floats, ints or bytes of one shape, with stride 0 where they are broadcast.
  let inputs: [TensorView]
  /// Which dimensions of the inputs are reduced.
  let axes: Set<Int>
  /// Floats: the dimensions that are kept, row-major without gaps.
  let outputs: [MemoryRange]
  /// What is written to each output, over the reduced value, input 0.
  let finish: Expression

  package init(
    _ kind: Kind, of prologues: [Expression], inputs: [TensorView], axes: Set<Int>, outputs: [MemoryRange],
    finish: Expression = .input(0)
  ) {
    self.kind = kind
    self.prologues = prologues
    self.inputs = inputs
    self.axes = axes
    self.outputs = outputs
    self.finish = finish
  }

  /// A reduction of one chain.
  package init(
    _ kind: Kind, of prologue: Expression = .input(0), inputs: [TensorView], axes: Set<Int>, output: MemoryRange,
    finish: Expression = .input(0)
  ) {
    self.init(kind, of: [prologue], inputs: inputs, axes: axes, outputs: [output], finish: finish)
  }

  /// The memory that is needed beside inputs and output, in bytes.
  package func scratchSize(_ device: OpenCLDevice) -> Int {
    guard let walk = try? ReductionWalk(self, device) else { return 0 }
    return walk.slices > 1 ? outputs.count * walk.partialSize : 0
  }

  /// Adds the kernels to a program and plans their launches.
  ///
  /// Changing arguments: each uniform `n` of the prologue and of `finish` as `uN`, on every launch that has it.
  ///
  /// - Parameter scratch: at least `scratchSize` bytes, free during the reduction.
  package func plan(
    _ device: OpenCLDevice, scratch: MemoryRange?, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> [PlannedLaunch] {
    let walk = try ReductionWalk(self, device)
    guard walk.slices > 1 else { return [try walk.plan(outputs, finish: finish, &builder)] }
    let size = outputs.count * walk.partialSize
    guard let scratch, scratch.size >= size else {
      throw OpenCLError.launch(kernel: "reduce", "it needs \(size) bytes of scratch memory.")
    }
    let partials = outputs.indices.map { scratch.range(at: $0 * walk.partialSize, size: walk.partialSize) }
    let second = Reduction(
      kind, of: outputs.indices.map { .input($0) },
      inputs: partials.map { TensorView($0, shape: [walk.slices, walk.kept]) }, axes: [0], outputs: outputs,
      finish: finish)
    return [
      try walk.plan(partials, finish: .input(0), &builder), try second.planInOneLaunch(device, &builder),
    ]
  }

  /// Plans a reduction of few elements for each output, whatever the device could do at once.
  func planInOneLaunch(
    _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    try ReductionWalk(self, device, isSecond: true).plan(outputs, finish: finish, &builder)
  }
}

/// A reduction's dimensions, merged and dealt out.
private struct ReductionWalk {
  private let reduction: Reduction
  private let device: OpenCLDevice
  private let used: [Int]
  private let keptWalk: CollapsedShape
  private let reducedWalk: CollapsedShape
  /// Whether the columns are kept: of the two innermost dimensions, the one along which the inputs lie closer together.
  private let keepsColumns: Bool

  /// How many vectors of kept columns a work-item of a wide device owns, where it may: page by page, as memory is read fastest,
  /// where the operands are so large that they come from there.
  private let vectors: Int
  private static let longestPiece = 64
  private static let longRows = 1 << 20

  private let rowsPerSlice: Int
  private let columnsPerSlice: Int
  /// How many parts each output is reduced in.
  let slices: Int

  /// The elements of each output.
  var kept: Int { keptWalk.shape.reduce(1, *) }
  /// The bytes that the slices' values of one output take.
  var partialSize: Int { slices * kept * 4 }

  init(_ reduction: Reduction, _ device: OpenCLDevice, isSecond: Bool = false) throws(OpenCLError) {
    self.reduction = reduction
    self.device = device
    used = Array(Set(reduction.prologues.flatMap(\.inputs))).sorted()
    guard let shape = reduction.inputs.first?.shape, reduction.inputs.allSatisfy({ $0.shape == shape }),
      used.allSatisfy({ reduction.inputs.indices.contains($0) })
    else { throw OpenCLError.launch(kernel: "reduce", "its inputs have different shapes.") }
    let views = used.map { reduction.inputs[$0] }
    let keptAxes = shape.indices.filter { !reduction.axes.contains($0) }
    let reducedAxes = shape.indices.filter { reduction.axes.contains($0) }
    func walk(_ axes: [Int]) -> CollapsedShape {
      CollapsedShape(axes.map { shape[$0] }, views.map { view in axes.map { view.strides[$0] } })
    }
    keptWalk = walk(keptAxes)
    reducedWalk = walk(reducedAxes)
    let kept = keptWalk
    let reduced = reducedWalk
    func step(_ walk: CollapsedShape) -> Int { walk.strides.reduce(0) { $0 + ($1.last ?? 0) } }
    keepsColumns = kept.columns > 1 && (reduced.columns == 1 || step(kept) < step(reduced))

    // Slices only where there are too few outputs to keep the device busy, and enough elements for each.
    let outputs = kept.shape.reduce(1, *)
    let total = reduced.shape.reduce(1, *)
    vectors =
      keepsColumns && device.style == .wide && outputs * total >= ReductionWalk.longRows
      ? min(ReductionWalk.longestPiece, kept.columns.divided(by: 16)) : 1
    let enough: Int
    let shortest: Int
    switch device.style {
    case .wide:
      enough = 2 * device.computeUnits * (keepsColumns ? 16 : 1) * (vectors > 1 ? 4 * vectors : 1)
      shortest = keepsColumns ? 256 : 8192
    case .tiled:
      enough = 4 * device.computeUnits * (keepsColumns ? 64 : 1)
      shortest = keepsColumns ? 32 : 2048
    }
    let rows = keepsColumns ? total : reduced.rows
    var wanted = max(1, min(enough.divided(by: outputs), total / shortest, 256))
    // Where short rows of different outputs follow one another, as channels do in an image, a processor takes a few rows of
    // each output in turn: those of the next lie in pages that are being read ahead already.
    let interleavesRows =
      !keepsColumns && reduced.shape.count > 1 && (16...512).contains(reduced.columns)
      && zip(kept.strides, reduced.strides).contains { $0[$0.count - 1] > 0 && $0[$0.count - 1] < $1[$1.count - 2] }
    if interleavesRows, device.style == .wide { wanted = max(wanted, min(rows / 8, 256)) }
    if isSecond { wanted = 1 }
    let rowSlices = min(wanted, rows)
    let columnSlices = keepsColumns ? 1 : max(1, wanted / rowSlices)
    rowsPerSlice = max(1, rows.divided(by: rowSlices))
    columnsPerSlice = max(1, reduced.columns.divided(by: columnSlices).divided(by: 64) * 64)
    let across = keepsColumns ? 1 : reduced.columns.divided(by: columnsPerSlice)
    slices = rows.divided(by: rowsPerSlice) * across
  }

  func plan(
    _ outputs: [MemoryRange], finish: Expression, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    try keepsColumns ? planColumns(outputs, finish: finish, &builder) : planRows(outputs, finish: finish, &builder)
  }

  private func planRows(
    _ outputs: [MemoryRange], finish: Expression, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let isVector = reducedWalk.strides.allSatisfy { $0.last == 0 || $0.last == 1 } && reducedWalk.columns >= 16
    let local = device.style == .wide ? 1 : min(reducedWalk.columns.roundedUpToPowerOfTwo, 256, device.largestWorkGroup)
    let width = device.style == .wide && isVector ? 16 : 1
    var parameters = ParameterList([
      .size(kept), .size(reducedWalk.rows), .size(reducedWalk.columns), .size(rowsPerSlice), .size(columnsPerSlice),
      .memory(outputs[0]),
    ])
    add(outputs, &parameters)
    let text = self.text(
      &parameters, keptSizes: keptWalk.shape, keptIndex: "output_index", keptStrides: keptWalk.strides,
      reducedSizes: Array(reducedWalk.outer), reducedStrides: reducedWalk.strides.map { Array($0.dropLast()) },
      columnStrides: reducedWalk.strides.map { $0[$0.count - 1] }, finish: finish)
    let suffix = try builder.add(
      KernelInstance(
        template: "reduce_rows",
        macros: macros.merging(["LOCAL": "\(local)", "WIDTH": "\(width)"]) { $1 },
        regions: [
          "arguments": parameters.text, "base": text.base, "rows": text.rows, "vector": text.vector,
          "scalar": text.scalar, "finish": text.finish,
        ]))
    return PlannedLaunch(
      suffix.name(of: "reduce_rows"), parameters.arguments, groups: [kept, slices], local: [local, 1],
      names: parameters.names)
  }

  private func planColumns(
    _ outputs: [MemoryRange], finish: Expression, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let columns = keptWalk.columns
    let isVector = keptWalk.strides.allSatisfy { $0.last == 0 || $0.last == 1 } && columns >= 16
    let width = device.style == .wide && isVector ? 16 : 1
    let local = device.style == .wide ? 1 : min(64, device.largestWorkGroup)
    let rows = reducedWalk.shape.reduce(1, *)
    let pieces = columns.divided(by: width)
    let vectors = width == 1 ? 1 : min(vectors, pieces)
    var parameters = ParameterList([
      .size(keptWalk.rows), .size(columns), .size(rows), .size(rowsPerSlice), .memory(outputs[0]),
    ])
    add(outputs, &parameters)
    let text = self.text(
      &parameters, keptSizes: Array(keptWalk.outer), keptIndex: "kept_row",
      keptStrides: keptWalk.strides.map { Array($0.dropLast()) }, reducedSizes: reducedWalk.shape,
      reducedStrides: reducedWalk.strides, columnStrides: keptWalk.strides.map { $0[$0.count - 1] }, finish: finish)
    let suffix = try builder.add(
      KernelInstance(
        template: "reduce_columns",
        macros: macros.merging(["WIDTH": "\(width)", "VECTORS": "\(vectors)"]) { $1 },
        regions: [
          "arguments": parameters.text, "base": text.base, "rows": text.rows, "vector": text.vector,
          "scalar": text.scalar, "finish": text.finish, "vector_finish": text.vectorFinish,
        ]))
    return PlannedLaunch(
      suffix.name(of: "reduce_columns"), parameters.arguments,
      groups: [pieces.divided(by: vectors).divided(by: local), keptWalk.rows, slices], local: [local, 1, 1],
      names: parameters.names)
  }

  // MARK: - Text

  private struct Text {
    let base: String
    let rows: String
    let vector: String
    let scalar: String
    let vectorFinish: String
    let finish: String
  }

  private var macros: [String: String] {
    ["RESULTS": "\(reduction.prologues.count)", "MAXIMUM": reduction.kind == .maximum ? "1" : "0"]
  }

  private func outputName(_ index: Int) -> String { index == 0 ? "output" : "output\(index)" }

  /// Declares the outputs that the templates do not declare themselves.
  private func add(_ outputs: [MemoryRange], _ parameters: inout ParameterList) {
    for (index, output) in outputs.enumerated().dropFirst() {
      parameters.add(outputName(index), output, .float32, isWritten: true)
    }
  }

  private func text(
    _ parameters: inout ParameterList, keptSizes: [Int], keptIndex: String, keptStrides: [[Int]],
    reducedSizes: [Int], reducedStrides: [[Int]], columnStrides: [Int], finish: Expression
  ) -> Text {
    var kept = RowWalk(keptSizes, index: keptIndex, prefix: "kept_")
    var rows = RowWalk(reducedSizes)
    for input in used {
      let view = reduction.inputs[input]
      parameters.add("x\(input)", view.memory, view.element)
    }
    kept.addSizes(&parameters)
    rows.addSizes(&parameters)
    var loads: [(vector: String, scalar: String)] = []
    for (position, input) in used.enumerated() {
      let name = "x\(input)"
      let element = reduction.inputs[input].element
      kept.add(name, element, strides: keptStrides[position], suffix: "base", &parameters)
      rows.add(name, element, strides: reducedStrides[position], base: "\(name)_base", &parameters)
      let stride = columnStrides[position]
      if stride != 0 && stride != 1 { parameters.add("\(name)_step", .int(stride)) }
      func load(_ isVector: Bool) -> String {
        Access.load("\(name)_row", element, columnStride: stride, step: "\(name)_step", isVector: isVector)
      }
      loads.append(("const REAL v\(input) = \(load(true));", "const float v\(input) = \(load(false));"))
    }
    parameters.add(uniforms: Expression.uniformsUsed(reduction.prologues + [finish]), isRandom: false)

    func chains(_ type: String, _ loads: [String]) -> String {
      let rendering = OpenCLRendering(
        reduction.prologues, OpenCLRendering.Names(type: type, input: { "v\($0)" }))
      let values = rendering.results.enumerated().map { "const \(type) value\($0) = \($1);" }
      return (loads + rendering.statements + values).map { "      " + $0 }.joined(separator: "\n")
    }
    /// Stores each result where `store` says.
    func finished(_ type: String, _ store: (_ value: String, _ name: String) -> String) -> String {
      reduction.prologues.indices.flatMap { index -> [String] in
        let rendering = OpenCLRendering(
          [finish], OpenCLRendering.Names(type: type, prefix: "f\(index)_", input: { _ in "total\(index)" }))
        return rendering.statements + [store(rendering.results[0], outputName(index))]
      }.map { "    " + $0 }.joined(separator: "\n")
    }
    return Text(
      base: kept.text(indentation: 2), rows: rows.text(indentation: 4), vector: chains("REAL", loads.map(\.vector)),
      scalar: chains("float", loads.map(\.scalar)),
      vectorFinish: finished("REAL") { "JOIN(vstore, WIDTH)(\($0), 0, \($1) + \($1)_offset + place);" },
      finish: finished("float") { "\($1)[\($1)_offset + place] = \($0);" })
  }
}
