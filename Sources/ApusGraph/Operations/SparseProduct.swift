import ApusExpression

/// Rows of a sparse matrix, each padded to the same number of entries.
///
/// Operands: the row starts (int32 `[R + 1]`), one number per entry (`[E]`: int32 columns, float or byte values), and
/// the wanted rows (int32 `[B]`). Result `[B, L]`: entries in their order, then −1 for integers and 0 for values;
/// bytes become floats.
public struct RowEntries: OperationRule {
  /// The number of entries that the longest row has.
  public let length: Int

  var name: String { "sparse rows" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (starts, entries, picks) = (operands[0], operands[1], operands[2])
    guard starts.elementType == .int32, picks.elementType == .int32, starts.shape.rank == 1, picks.shape.rank == 1,
      entries.shape.rank == 1, starts.shape[0] >= 2, length >= 1
    else {
      throw RuleViolation("needs int32 row starts [R + 1], entries [E] and int32 rows [B], not \(operands)")
    }
    let type = entries.elementType == .uint8 ? ElementType.float32 : entries.elementType
    return TensorType([picks.shape[0], length], type)
  }
}

/// A sparse matrix in padded rows times a dense one. Operands: columns (int32 `[B, L]`; a negative one ends its row),
/// values `[B, L]`, table `[F, H]`. Result `[B, H]`.
public struct SparseProduct: OperationRule {
  var name: String { "sparse product" }

  func type(of operands: [TensorType]) throws -> TensorType {
    let (columns, values, table) = (operands[0], operands[1], operands[2])
    guard columns.elementType == .int32, values.elementType == .float32, table.elementType == .float32,
      columns.shape == values.shape, columns.shape.rank == 2, table.shape.rank == 2
    else {
      throw RuleViolation("needs int32 columns [B, L], values [B, L] and a table [F, H], not \(operands)")
    }
    return TensorType([columns.shape[0], table.shape[1]])
  }

  func pullback(_ context: Pullback) -> [Tensor?] {
    let (columns, values, table) = (context.operands[0], context.operands[1], context.operands[2])
    let (g, location) = (context.gradient, context.location)
    var valueGradient: Tensor?
    if context.isNeeded[1] {
      // Σ over H of table[column, h] g[b, h], and nothing where a row has ended.
      let rows = table.apply(.gather(Gather()), columns, at: location)
      let upstream = g.reshaped(to: [g.shape[0], 1, g.shape[1]], at: location)
      let ended = columns.reshaped(to: Shape(columns.shape.dimensions + [1]), at: location)
      valueGradient = pointwise([rows, upstream, ended], at: location) {
        .select(.less($0[2], 0), 0, $0[0] * $0[1])
      }.apply(.reduction(Reduction(kind: .sum, axes: [2], keepsAxes: false)), at: location)
    }
    let rule = Operation.sparseProductGradient(SparseProductGradient(rows: table.shape[0]))
    return [nil, valueGradient, context.isNeeded[2] ? columns.apply(rule, values, g, at: location) : nil]
  }
}

/// What reaches the dense operand of a sparse product. Operands: columns, values, the result's gradient `[B, H]`.
/// Result `[F, H]`: each row sums in the order of the batch.
public struct SparseProductGradient: OperationRule {
  /// The dense operand's rows.
  public let rows: Int

  var name: String { "sparse product's gradient" }

  func type(of operands: [TensorType]) throws -> TensorType {
    TensorType([rows, operands[2].shape[1]])
  }
}

/// The rows of a sparse matrix that `picks` names, padded to the longest row's length.
///
/// - Parameters:
///   - entries: int32 columns, or float or byte values, one per entry: `[E]`.
///   - starts: where each row's entries begin, int32 `[R + 1]`.
///   - picks: int32 `[B]`.
///   - length: how many entries the longest row has.
/// - Returns: `[B, length]`; behind a row's last entry stand −1 among columns and 0 among values.
public func sparseRows(
  _ entries: Tensor, starts: Tensor, picks: Tensor, length: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  starts.apply(
    .sparseRows(RowEntries(length: length)), entries, picks, at: SourceLocation(file: file, line: line))
}

/// The product of a sparse matrix in padded rows with a dense one: `Σ values[b, l] · table[columns[b, l], :]`.
///
/// - Parameters:
///   - columns: int32 `[B, L]`; a negative one ends its row.
///   - values: `[B, L]`.
///   - table: `[F, H]`.
/// - Returns: `[B, H]`.
public func sparseProduct(
  columns: Tensor, values: Tensor, table: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  columns.apply(.sparseProduct(SparseProduct()), values, table, at: SourceLocation(file: file, line: line))
}
