/// The operations of a chain's code: what `RegisterProgram` has, each on whole rows of elements.
package enum ChainOpcode: UInt8, Sendable, BitwiseCopyable {
  case negate, squareRoot, exponential, logarithm, tangent, errorFunction, sine, cosine, absolute, floor
  case add, subtract, multiply, divide
  case multiplyAdd
  case selectLess, selectLessOrEqual, selectEqual
  case random
}

/// One operation of a chain and the slots that it reads and writes.
///
/// Slots are numbered: inputs, then scalars, then registers, then the result.
package struct ChainInstruction: Sendable, BitwiseCopyable {
  package var opcode: ChainOpcode
  package var destination: Int32
  /// Up to four operands: of a selection left, right, yes and no.
  package var a: Int32 = 0
  package var b: Int32 = 0
  package var c: Int32 = 0
  package var d: Int32 = 0
  /// Which random stream is drawn.
  package var stream: UInt32 = 0

  package init(_ opcode: ChainOpcode, destination: Int32) {
    self.opcode = opcode
    self.destination = destination
  }
}

/// What an operand's elements are.
package enum ChainElement: UInt8, Sendable, BitwiseCopyable {
  case float32, int32, uint8

  /// The size of one element.
  @inlinable @inline(__always)
  package var byteCount: Int { self == .uint8 ? 1 : 4 }
}

/// Where the elements of an input or output of a chain lie.
package struct ChainOperand: BitwiseCopyable {
  /// The element at row 0 and column 0; set anew in each run where it moves.
  package var base: UnsafeMutableRawPointer
  package var element: ChainElement
  /// Elements between columns.
  package var columnStride: Int
  /// Elements between neighbours along each of the plan's row axes.
  package var rowStrides: UnsafeMutablePointer<Int>
  /// Where rows are picked by index: one index per row, times the only row stride.
  package var indices: UnsafePointer<Int32>?
  /// Indices are moved into `0 ..< tableRows`.
  package var tableRows = 0

  /// The elements follow one another in the order of the chain.
  package var isDense = false
  /// The same element everywhere.
  package var isScalar = false
  /// The same float row everywhere, contiguous.
  package var isPeriodic = false
  /// The elements are those of the strip that the chain is applied to.
  package var isStrip = false

  package init(
    base: UnsafeMutableRawPointer, element: ChainElement, columnStride: Int, rowStrides: UnsafeMutablePointer<Int>
  ) {
    self.base = base
    self.element = element
    self.columnStride = columnStride
    self.rowStrides = rowStrides
  }
}

/// A compiled expression over a space of rows and columns, with the operands' addresses.
///
/// Rows are numbered in row-major order over the row axes, of which there is at least one; element numbers, for
/// random streams, are row · columns + column. Whoever makes a plan owns its memory. All memory that a chain reads
/// may be read up to `ChainPlan.overread` bytes past its end.
package struct ChainPlan {
  package var code: UnsafeMutablePointer<ChainInstruction>
  package var codeCount: Int
  package var inputs: UnsafeMutablePointer<ChainOperand>
  package var inputCount: Int
  /// Constants and uniforms, each repeated `lanes` times.
  package var scalars: UnsafeMutablePointer<Float>
  package var scalarCount: Int
  package var registerCount: Int
  package var outputs: UnsafeMutablePointer<ChainOperand>
  package var outputCount: Int
  /// The slot that each output's values are in after the last instruction.
  package var results: UnsafeMutablePointer<Int32>

  package var rowExtents: UnsafeMutablePointer<Int>
  package var rowAxes: Int
  package var rows: Int
  package var columns: Int
  /// The most elements that are worked on at a time; a multiple of 64.
  package var chunk: Int

  /// The key of the random streams.
  package var keyLow: UInt32 = 0
  package var keyHigh: UInt32 = 0
  /// The step that they are drawn for.
  package var step: UInt32 = 0

  package init(
    code: UnsafeMutablePointer<ChainInstruction>, codeCount: Int, inputs: UnsafeMutablePointer<ChainOperand>,
    inputCount: Int, scalars: UnsafeMutablePointer<Float>, scalarCount: Int, registerCount: Int,
    outputs: UnsafeMutablePointer<ChainOperand>, outputCount: Int, results: UnsafeMutablePointer<Int32>,
    rowExtents: UnsafeMutablePointer<Int>, rowAxes: Int, rows: Int, columns: Int, chunk: Int
  ) {
    self.code = code
    self.codeCount = codeCount
    self.inputs = inputs
    self.inputCount = inputCount
    self.scalars = scalars
    self.scalarCount = scalarCount
    self.registerCount = registerCount
    self.outputs = outputs
    self.outputCount = outputCount
    self.results = results
    self.rowExtents = rowExtents
    self.rowAxes = rowAxes
    self.rows = rows
    self.columns = columns
    self.chunk = chunk
  }

  /// The most floats that a vector of any instruction set holds.
  @inlinable @inline(__always)
  package static var lanes: Int { 16 }

  /// How far past the end of an operand a vector may be read.
  @inlinable @inline(__always)
  package static var overread: Int { 64 }

  /// The number of the slot that the result is computed into.
  @inlinable @inline(__always)
  package var resultSlot: Int { inputCount + scalarCount + registerCount }

  /// The floats from one scratch row to the next; not a power of two, so that rows share no cache set.
  @inlinable @inline(__always)
  package var pitch: Int { chunk + ChainPlan.lanes }

  /// The scratch memory that one thread needs, in bytes, aligned to 64. Reductions use four more rows.
  @inlinable
  package var scratchByteCount: Int {
    let slots = (resultSlot + 1) * 16
    let splats = inputCount * ChainPlan.lanes * 4
    let rows = (inputCount + registerCount + 1 + 4) * pitch * 4
    return (slots + splats + rows + 3 * 64) / 64 * 64
  }
}

/// A part of a chain's space, and the memory that stands for strip operands.
package struct ChainArea {
  package var firstRow: Int
  package var rows: Int
  package var firstColumn: Int
  package var columns: Int
  /// The strip's element at the area's first row and column.
  package var strip: UnsafeMutablePointer<Float>?
  /// The floats between the strip's rows.
  package var stripStride = 0

  package init(
    firstRow: Int, rows: Int, firstColumn: Int, columns: Int, strip: UnsafeMutablePointer<Float>? = nil,
    stripStride: Int = 0
  ) {
    self.firstRow = firstRow
    self.rows = rows
    self.firstColumn = firstColumn
    self.columns = columns
    self.strip = strip
    self.stripStride = stripStride
  }
}
