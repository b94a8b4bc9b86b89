/// The operations of a chain's code: what `RegisterProgram` has, each on whole rows of elements.
public enum ChainOpcode: UInt8, Sendable, BitwiseCopyable {
  case negate, squareRoot, exponential, logarithm, tangent, errorFunction, normalCDF, normalPDF, sigmoid, softplus
  case sine, cosine, absolute, floor
  case add, subtract, multiply, divide, maximum, minimum
  case multiplyAdd
  case selectLess, selectLessOrEqual, selectEqual
  case random
}

/// One operation of a chain and the slots that it reads and writes.
///
/// Slots are numbered: inputs, then scalars, then registers, then the result.
public struct ChainInstruction: Sendable, BitwiseCopyable {
  public var opcode: ChainOpcode
  public var destination: Int32
  /// Up to four operands: of a selection left, right, yes and no.
  public var a: Int32 = 0
  public var b: Int32 = 0
  public var c: Int32 = 0
  public var d: Int32 = 0
  /// Which random stream is drawn.
  public var stream: UInt32 = 0

  public init(_ opcode: ChainOpcode, destination: Int32) {
    self.opcode = opcode
    self.destination = destination
  }
}

/// What an operand's elements are.
public enum ChainElement: UInt8, Sendable, BitwiseCopyable {
  case float32, int32, uint8

  /// The size of one element.
  @inlinable @inline(__always)
  public var byteCount: Int { isByte ? 1 : 4 }

  /// Whether this is `uint8`; equality itself would be a call from the kernels.
  @inlinable @inline(__always)
  public var isByte: Bool { if case .uint8 = self { true } else { false } }

  /// Whether this is `float32`.
  @inlinable @inline(__always)
  public var isFloat: Bool { if case .float32 = self { true } else { false } }
}

/// Where the elements of an input or output of a chain lie.
public struct ChainOperand: BitwiseCopyable {
  /// The element at row 0 and column 0; set anew in each run where it moves.
  public var base: UnsafeMutableRawPointer
  public var element: ChainElement
  /// Elements between columns.
  public var columnStride: Int
  /// Elements between neighbours along each of the plan's row axes.
  public var rowStrides: UnsafeMutablePointer<Int>
  /// Where rows are picked by index: one index per row, times the only row stride.
  public var indices: UnsafePointer<Int32>?
  /// Indices are moved into `0 ..< tableRows`.
  public var tableRows = 0

  /// The elements follow one another in the order of the chain.
  public var isDense = false
  /// The same element everywhere.
  public var isScalar = false
  /// The same float row everywhere, contiguous.
  public var isPeriodic = false
  /// The elements are those of the strip that the chain is applied to.
  public var isStrip = false

  public init(
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
public struct ChainPlan {
  public var code: UnsafeMutablePointer<ChainInstruction>
  public var codeCount: Int
  public var inputs: UnsafeMutablePointer<ChainOperand>
  public var inputCount: Int
  /// Constants and uniforms, each repeated `lanes` times.
  public var scalars: UnsafeMutablePointer<Float>
  public var scalarCount: Int
  public var registerCount: Int
  public var outputs: UnsafeMutablePointer<ChainOperand>
  public var outputCount: Int
  /// The slot that each output's values are in after the last instruction.
  public var results: UnsafeMutablePointer<Int32>

  public var rowExtents: UnsafeMutablePointer<Int>
  public var rowAxes: Int
  public var rows: Int
  public var columns: Int
  /// The most elements that are worked on at a time; a multiple of 64.
  public var chunk: Int
  /// The scratch rows that are nobody's slot: of random numbers and of reductions.
  public var spareRows: Int

  /// The key of the random streams.
  public var keyLow: UInt32 = 0
  public var keyHigh: UInt32 = 0
  /// The step that they are drawn for.
  public var step: UInt32 = 0

  public init(
    code: UnsafeMutablePointer<ChainInstruction>, codeCount: Int, inputs: UnsafeMutablePointer<ChainOperand>,
    inputCount: Int, scalars: UnsafeMutablePointer<Float>, scalarCount: Int, registerCount: Int,
    outputs: UnsafeMutablePointer<ChainOperand>, outputCount: Int, results: UnsafeMutablePointer<Int32>,
    rowExtents: UnsafeMutablePointer<Int>, rowAxes: Int, rows: Int, columns: Int, chunk: Int, spareRows: Int
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
    self.spareRows = spareRows
  }

  /// The most floats that a vector of any instruction set holds.
  @inlinable @inline(__always)
  public static var lanes: Int { 16 }

  /// How far past the end of an operand a vector may be read.
  @inlinable @inline(__always)
  public static var overread: Int { 64 }

  /// The number of the slot that the result is computed into.
  @inlinable @inline(__always)
  public var resultSlot: Int { inputCount + scalarCount + registerCount }

  /// The floats from one scratch row to the next; not a power of two, so that rows share no cache set.
  @inlinable @inline(__always)
  public var pitch: Int { chunk + ChainPlan.lanes }

  /// The scratch memory that one thread needs, in bytes, aligned to 64.
  @inlinable
  public var scratchByteCount: Int {
    // A slot is a pointer and two steps.
    let slots = (resultSlot + 1) * 24
    let splats = inputCount * ChainPlan.lanes * 4
    let rows = (inputCount + 2 * registerCount + 1 + spareRows) * pitch * 4
    let ahead = (inputCount + outputCount + 1) * 8
    return (slots + ahead + splats + rows + 4 * 64) / 64 * 64
  }
}

/// A part of a chain's space, and the memory that stands for strip operands.
public struct ChainArea {
  public var firstRow: Int
  public var rows: Int
  public var firstColumn: Int
  public var columns: Int
  /// The strip's element at the area's first row and column.
  public var strip: UnsafeMutablePointer<Float>?
  /// The floats between the strip's rows.
  public var stripStride = 0

  public init(
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
