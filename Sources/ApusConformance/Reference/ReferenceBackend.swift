import ApusCompiler
import ApusExpression
import ApusGraph
import ApusOptimizers

/// A backend that runs programs one element at a time: the living definition of every kernel.
///
/// It computes in double precision and stores what the buffers hold, so a disagreement between it and the graph's
/// `ReferenceExecutor` is a mistake of the compiler, and one between it and a device a mistake of that device.
public final class ReferenceBackend: Backend {
  public let name = "reference"
  public let maximumBufferSize: Int

  /// - Parameter maximumBufferSize: lets tests force several slabs.
  public init(maximumBufferSize: Int = .max) { self.maximumBufferSize = maximumBufferSize }

  public func refusal(of precision: Precision) -> String? { nil }

  public func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    ReferenceBuffer(byteCount: byteCount)
  }

  public func makeWorkspace() -> any Workspace { ReferenceWorkspace() }

  public func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable {
    var bound: [ReferenceBuffer] = []
    for declaration in program.buffers {
      guard let buffer = buffers[declaration.name] as? ReferenceBuffer else {
        throw DeviceError("no buffer \(declaration.name)")
      }
      bound.append(buffer)
    }
    // Garbage in the workspace, so that a read before a write shows.
    let workspaces = program.workspaces.map { size -> ReferenceBuffer in
      let buffer = ReferenceBuffer(byteCount: size)
      buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
      return buffer
    }
    return ReferenceExecutable(program: program, buffers: bound, workspaces: workspaces)
  }

  public func synchronize() {}
}

/// Every program has its own, so that one that relies on another's values shows.
private final class ReferenceWorkspace: Workspace {}

final class ReferenceBuffer: DeviceBuffer, @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  var byteCount: Int { bytes.count }

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  func write(_ source: UnsafeRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    guard byteOffset + source.count <= byteCount else { throw DeviceError("write past the end") }
    UnsafeMutableRawBufferPointer(rebasing: bytes[byteOffset..<byteOffset + source.count]).copyMemory(from: source)
  }

  func read(into target: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(DeviceError) {
    guard byteOffset + target.count <= byteCount else { throw DeviceError("read past the end") }
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[byteOffset..<byteOffset + target.count]))
  }
}

/// One operand of a launch: elements by index from its start, bounds checked.
struct ReferenceOperand {
  let buffer: ReferenceBuffer
  let slice: BufferSlice
  let start: Int

  subscript(index: Int) -> Double {
    get {
      precondition(index >= 0 && index < slice.count, "index \(index) outside a slice of \(slice.count)")
      switch slice.elementType {
      case .float32: return Double(buffer.bytes.load(fromByteOffset: (start + index) * 4, as: Float.self))
      case .int32: return Double(buffer.bytes.load(fromByteOffset: (start + index) * 4, as: Int32.self))
      case .uint8: return Double(buffer.bytes[start + index])
      }
    }
    nonmutating set {
      precondition(index >= 0 && index < slice.count, "index \(index) outside a slice of \(slice.count)")
      switch slice.elementType {
      case .float32: buffer.bytes.storeBytes(of: Float(newValue), toByteOffset: (start + index) * 4, as: Float.self)
      case .int32: buffer.bytes.storeBytes(of: Int32(newValue), toByteOffset: (start + index) * 4, as: Int32.self)
      case .uint8: buffer.bytes[start + index] = UInt8(newValue)
      }
    }
  }
}

final class ReferenceExecutable: Executable {
  let program: Program
  let buffers: [ReferenceBuffer]
  let workspaces: [ReferenceBuffer]

  init(program: Program, buffers: [ReferenceBuffer], workspaces: [ReferenceBuffer]) {
    self.program = program
    self.buffers = buffers
    self.workspaces = workspaces
  }

  var launchTimes: [LaunchTime] { [] }
  var launchIntervals: [LaunchInterval] { [] }

  func run(_ arguments: StepArguments) throws(DeviceError) {
    for instruction in program.instructions {
      let inputs = instruction.inputs.map { operand($0, arguments) }
      let outputs = instruction.outputs.map { operand($0, arguments) }
      launch(instruction.kernel, inputs, outputs, arguments)
    }
  }

  private func operand(_ slice: BufferSlice, _ arguments: StepArguments) -> ReferenceOperand {
    let buffer =
      switch slice.location {
      case .workspace(let slab): workspaces[slab]
      case .buffer(let position): buffers[position]
      }
    return ReferenceOperand(buffer: buffer, slice: slice, start: slice.start(arguments))
  }

  private func launch(
    _ kernel: Kernel, _ inputs: [ReferenceOperand], _ outputs: [ReferenceOperand], _ arguments: StepArguments
  ) {
    let output = outputs[0]
    let philox = Philox(seed: arguments.seed)
    func value(_ expression: Expression, _ values: [Double], _ element: Int) -> Double {
      expression.evaluate(inputs: values) {
        Double(philox.uniform(element: element, step: arguments.step, stream: $0))
      }
    }
    func at(_ position: [Int], _ strides: [Int]) -> Int { zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 } }

    switch kernel {
    case .pointwise(let kernel):
      for (element, position) in Grid(kernel.extents).enumerated() {
        let values = zip(inputs, kernel.inputStrides).map { $0[at(position, $1)] }
        for (output, expression) in zip(outputs, kernel.expressions) {
          output[at(position, kernel.outputStrides)] = value(expression, values, element)
        }
      }
    case .matrixProduct(let kernel):
      func factor(_ value: Double) -> Double { Double(program.precision.rounded(Float(value))) }
      for (batchIndex, batch) in Grid(kernel.batch).enumerated() {
        for row in 0..<kernel.m {
          for column in 0..<kernel.n {
            func place(_ matrix: MatrixProductKernel.Matrix, _ row: Int, _ column: Int) -> Int {
              at(batch, matrix.batchStrides) + row * matrix.rowStride + column * matrix.columnStride
            }
            var result = (0..<kernel.k).reduce(0.0) {
              $0 + factor(inputs[0][place(kernel.left, row, $1)]) * factor(inputs[1][place(kernel.right, $1, column)])
            }
            if let epilogue = kernel.epilogue {
              let extras = zip(inputs.dropFirst(2), kernel.extras).map { $0[place($1, row, column)] }
              result = value(epilogue, [result] + extras, (batchIndex * kernel.m + row) * kernel.n + column)
            }
            output[place(kernel.output, row, column)] = result
          }
        }
      }
      if kernel.sumsRows {
        for row in 0..<kernel.m {
          outputs[1][row] = (0..<kernel.k).reduce(0.0) {
            $0 + inputs[0][row * kernel.left.rowStride + $1 * kernel.left.columnStride]
          }
        }
      }
    case .reduction(let kernel):
      for (element, kept) in Grid(kernel.kept).enumerated() {
        var results = [Double](repeating: kernel.kind == .sum ? 0 : -.infinity, count: outputs.count)
        for reduced in Grid(kernel.reduced) {
          let values = inputs.indices.map {
            inputs[$0][at(kept, kernel.keptStrides[$0]) + at(reduced, kernel.reducedStrides[$0])]
          }
          for (index, prologue) in kernel.prologues.enumerated() {
            let next = prologue.evaluate(inputs: values)
            results[index] = kernel.kind == .sum ? results[index] + next : Double.max(next, results[index])
          }
        }
        for (output, result) in zip(outputs, results) { output[element] = result }
      }
    case .rowChain(let kernel):
      for row in 0..<kernel.rows {
        func values(_ column: Int) -> [Double] {
          zip(inputs, kernel.operands).map { $0[row * $1.rowStride + column * $1.columnStride] }
        }
        var known: [Double] = []
        for pass in kernel.passes {
          let reduced = pass.reductions.map { reduction in
            (0..<kernel.columns).reduce(pass.kind == .sum ? 0 : -Double.infinity) {
              let next = reduction.evaluate(inputs: values($1) + known)
              return pass.kind == .sum ? $0 + next : Double.max(next, $0)
            }
          }
          known += reduced
          known += pass.values.map { $0.evaluate(inputs: values(0) + known) }
        }
        for (output, value) in zip(outputs, kernel.storedValues) { output[row] = known[value] }
        for column in 0..<kernel.columns {
          let element = row * kernel.columns + column
          for (output, expression) in zip(outputs.dropFirst(kernel.storedValues.count), kernel.elements) {
            output[element] = value(expression, values(column) + known, element)
          }
        }
      }
    case .argmax(let rows):
      for row in 0..<rows.rows {
        var best = 0
        for column in 0..<rows.columns
        where inputs[0][row * rows.columns + column] > inputs[0][row * rows.columns + best] {
          best = column
        }
        output[row] = Double(best)
      }
    case .softmax(let rows):
      for row in 0..<rows.rows {
        let sum = logSumExp(inputs[0], row, rows.columns)
        for index in row * rows.columns..<(row + 1) * rows.columns {
          output[index] = Double.exp(inputs[0][index] - sum)
        }
      }
    case .logSumExp(let rows):
      for row in 0..<rows.rows { output[row] = logSumExp(inputs[0], row, rows.columns) }
    case .softmaxCrossEntropy(let kernel):
      for row in 0..<kernel.rows {
        let sum = logSumExp(inputs[0], row, kernel.columns)
        let label = Int(inputs[1][row])
        let scale: Double
        switch kernel.upstream {
        case .constant(let value)?: scale = Double(value)
        case .operand?: scale = inputs[2][row]
        case nil: scale = 0
        }
        if kernel.upstream != nil {
          for column in 0..<kernel.columns {
            let index = row * kernel.columns + column
            outputs[outputs.count - 1][index] =
              (Double.exp(inputs[0][index] - sum) - (column == label ? 1 : 0)) * scale
          }
        }
        if kernel.hasLosses { output[row] = sum - inputs[0][row * kernel.columns + label] }
      }
    case .gather(let kernel):
      for row in 0..<kernel.rows {
        let source = min(max(Int(inputs[1][row]), 0), kernel.tableRows - 1)
        for column in 0..<kernel.columns {
          var result = inputs[0][source * kernel.rowStride + column]
          if let epilogue = kernel.epilogue {
            let extras = zip(inputs.dropFirst(2), kernel.extras).map {
              $0[row * $1.rowStride + column * $1.columnStride]
            }
            result = value(epilogue, [result] + extras, row * kernel.columns + column)
          }
          output[row * kernel.columns + column] = result
        }
      }
    case .scatterAdd(let kernel):
      for target in 0..<kernel.tableRows {
        for column in 0..<kernel.columns {
          output[target * kernel.columns + column] = (0..<kernel.rows).reduce(0.0) {
            Int(inputs[1][$1]) == target ? $0 + inputs[0][$1 * kernel.columns + column] : $0
          }
        }
      }
    case .convolution(let kernel):
      let precision = kernel.precision(in: program.precision)
      func factor(_ value: Double) -> Double { Double(precision.rounded(Float(value))) }
      let sums = ImageReference.convolution(
        kernel.pass, kernel.shape, { factor(inputs[0][$0]) }, { factor(inputs[1][$0]) })
      let extents = kernel.resultShape.dimensions
      for (element, position) in Grid(extents).enumerated() {
        var result = sums[element]
        if let epilogue = kernel.epilogue {
          let pixel = position[2] * extents[3] + position[3]
          let extras = zip(inputs.dropFirst(2), kernel.extras).map {
            $0[position[0] * $1.imageStride + position[1] * $1.channelStride + pixel * $1.pixelStride]
          }
          result = value(epilogue, [result] + extras, element)
        }
        output[element] = result
      }
    case .pool(let shape):
      store(ImageReference.pool(shape) { inputs[0][$0] }, in: output)
    case .poolGradient(let shape):
      let images: ImageReference.Operand? = inputs.count > 1 ? { inputs[1][$0] } : nil
      store(ImageReference.poolGradient(shape, { inputs[0][$0] }, images), in: output)
    case .attention(let shape):
      store(AttentionReference.attention(shape) { inputs[0][$0] }, in: output)
    case .attentionGradient(let shape):
      store(AttentionReference.gradient(shape, { inputs[0][$0] }, { inputs[2][$0] }), in: output)
    case .sparseRows(let kernel):
      let fill = output.slice.elementType == .int32 ? -1.0 : 0
      store(
        SparseReference.rows(kernel, { inputs[0][$0] }, { inputs[1][$0] }, { inputs[2][$0] }, fill: fill), in: output)
    case .sparseProduct(let kernel):
      store(SparseReference.product(kernel, { inputs[0][$0] }, { inputs[1][$0] }, { inputs[2][$0] }), in: output)
    case .sparseProductGradient(let kernel):
      store(SparseReference.gradient(kernel, { inputs[0][$0] }, { inputs[1][$0] }, { inputs[2][$0] }), in: output)
    case .augmentation(let kernel):
      store(ImageReference.augmentation(kernel, { inputs[0][$0] }, philox, step: arguments.step), in: output)
    case .update(let kernel):
      update(kernel.optimizer, kernel, inputs, outputs, arguments)
    }
  }

  private func store(_ values: [Double], in output: ReferenceOperand) {
    for (index, value) in values.enumerated() { output[index] = value }
  }

  private func update<Rule: Optimizer>(
    _ rule: Rule.Type, _ kernel: UpdateKernel, _ inputs: [ReferenceOperand], _ outputs: [ReferenceOperand],
    _ arguments: StepArguments
  ) {
    let host = kernel.uniforms(arguments.uniforms).values
    let uniforms = Uniforms<Double> { Double(host[$0]) }
    let scale = inputs.count > 1 ? inputs[1][0] : 1
    for index in 0..<kernel.count {
      func state(_ slot: Int) -> Double { slot + 1 < outputs.count ? outputs[slot + 1][index] : 0 }
      var slots = Slots<Double>(
        parameter: outputs[0][index], gradient: inputs[0][index] * scale, state0: state(0), state1: state(1),
        state2: state(2))
      rule.update(&slots, uniforms)
      outputs[0][index] = slots.parameter
      for (slot, value) in [slots.state0, slots.state1, slots.state2].enumerated() where slot + 1 < outputs.count {
        outputs[slot + 1][index] = value
      }
    }
  }

  private func logSumExp(_ logits: ReferenceOperand, _ row: Int, _ columns: Int) -> Double {
    let values = (0..<columns).map { logits[row * columns + $0] }
    let largest = values.max() ?? 0
    return largest + Double.log(values.reduce(0) { $0 + Double.exp($1 - largest) })
  }
}

/// Every position of some extents in row-major order.
struct Grid: Sequence {
  let extents: [Int]

  init(_ extents: [Int]) { self.extents = extents }

  func makeIterator() -> AnyIterator<[Int]> {
    let count = extents.reduce(1, *)
    var next = 0
    return AnyIterator { [extents] in
      guard next < count else { return nil }
      var rest = next
      var position = [Int](repeating: 0, count: extents.count)
      for axis in extents.indices.reversed() {
        position[axis] = rest % extents[axis]
        rest /= extents[axis]
      }
      next += 1
      return position
    }
  }
}
