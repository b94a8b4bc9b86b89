/// Rows of a table, picked by index; bytes become floats.
public struct Gather: OperationRule {
  /// Overlapping rows of this length that begin at each element of a table with one axis; nil for rows proper.
  public let windowLength: Int?

  init(windowLength: Int? = nil) { self.windowLength = windowLength }

  var name: String { windowLength == nil ? "gather" : "windows" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (table, indices) = (operands[0], operands[1])
    guard indices.elementType == .int32 else { throw RuleViolation("indices must be int32, not \(indices)") }
    guard table.shape.rank >= 1 else { throw RuleViolation("the table needs at least one axis, not \(table)") }
    if let windowLength {
      guard table.shape.rank == 1, (1...table.shape[0]).contains(windowLength) else {
        throw RuleViolation("windows of \(windowLength) do not fit \(table)")
      }
    }
    return TensorType(
      Shape(indices.shape.dimensions + (windowLength.map { [$0] } ?? Array(table.shape.dimensions.dropFirst()))),
      table.elementType == .uint8 ? .float32 : table.elementType)
  }

  /// Windows are of data and have no gradient.
  func pullback(_ context: Pullback) -> [Tensor?] {
    windowLength != nil
      ? [nil, nil]
      : [
        context.gradient.apply(
          .scatterAdd(ScatterAdd(rows: context.operands[0].shape[0])), context.operands[1],
          at: context.location), nil,
      ]
  }
}

/// The sum, for each row of a table, of the values whose index names it, in the order of the indices.
public struct ScatterAdd: OperationRule {
  /// The number of rows of the table.
  public let rows: Int

  var name: String { "scatter-add" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (values, indices) = (operands[0], operands[1])
    guard indices.elementType == .int32, values.elementType == .float32 else {
      throw RuleViolation("needs float values and int32 indices, not \(values) and \(indices)")
    }
    guard values.shape.dimensions.starts(with: indices.shape.dimensions) else {
      throw RuleViolation("the values' shape \(values.shape) must begin with the indices' shape \(indices.shape)")
    }
    return TensorType(Shape([rows] + values.shape.dimensions.dropFirst(indices.shape.rank)))
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    [context.gradient.apply(.gather(Gather()), context.operands[1], at: context.location), nil]
  }
}

extension Tensor {
  /// The rows of this table that `indices` (int32) name: `[V, …]` and `[I…]` give `[I…, …]`.
  ///
  /// Bytes become floats. An index outside the table is the caller's mistake; no memory outside is read, and
  /// what the row then holds is the backend's to choose.
  public func gather(_ indices: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    apply(.gather(Gather()), indices, at: SourceLocation(file: file, line: line))
  }

  /// The stretches of this sequence `[M]` that begin at `starts` (int32) and have a length: `[I…, length]`.
  ///
  /// A start that leaves less than the length is the caller's mistake, as an index outside a table is. There is no gradient.
  public func windows(
    at starts: Tensor, length: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    apply(.gather(Gather(windowLength: length)), starts, at: SourceLocation(file: file, line: line))
  }
}
