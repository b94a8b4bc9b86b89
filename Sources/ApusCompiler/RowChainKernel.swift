import ApusExpression
import ApusGraph

/// Reductions along each row of a matrix, and chains over the same row that need their results: a norm, or its gradient.
///
/// A row has values: those of the first pass, then those of the second, and so on. In every expression `input(i)` is the
/// ith operand's element; behind the operands come the row's values, as far as they are known.
public struct RowChainKernel: Sendable, Hashable {
  /// Where an operand's elements lie; stride 0 repeats.
  public struct Operand: Sendable, Hashable {
    /// The stride between rows.
    public let rowStride: Int
    /// The stride between columns.
    public let columnStride: Int

    package init(rowStride: Int, columnStride: Int) {
      self.rowStride = rowStride
      self.columnStride = columnStride
    }
  }

  /// One walk along a row, and what follows from what it has found.
  public struct Pass: Sendable, Hashable {
    /// Sums or maxima.
    public let kind: Reduction.Kind
    /// What is reduced, each to a value of the row; never random.
    public let reductions: [Expression]
    /// More values of the row, behind those: of what they reduce, of earlier passes' values, and of operands that are the
    /// same all along a row. Never random.
    public let values: [Expression]

    package init(kind: Reduction.Kind, reductions: [Expression], values: [Expression] = []) {
      self.kind = kind
      self.reductions = reductions
      self.values = values
    }

    /// How many values a row has by this pass.
    public var count: Int { reductions.count + values.count }
  }

  /// The number of rows.
  public let rows: Int
  /// The length of each row.
  public let columns: Int
  /// The operands, in the order of the inputs.
  public let operands: [Operand]
  /// The passes, at least one.
  public let passes: [Pass]
  /// Which of the row's values are stored, an output of `rows` elements for each.
  public let storedValues: [Int]
  /// The elements of the outputs behind those, each `rows × columns` and contiguous. Row-major order numbers them for
  /// random streams.
  public let elements: [Expression]

  package init(
    rows: Int, columns: Int, operands: [Operand], passes: [Pass], storedValues: [Int], elements: [Expression]
  ) {
    self.rows = rows
    self.columns = columns
    self.operands = operands
    self.passes = passes
    self.storedValues = storedValues
    self.elements = elements
  }
}
