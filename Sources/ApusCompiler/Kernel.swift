import ApusExpression
import ApusGraph
import ApusOptimizers

/// A launch's computation with its geometry in elements. Addresses are in the instruction's slices, whose
/// starts every stride here is relative to. All outputs are contiguous in row-major order unless a kernel
/// says otherwise.
public enum Kernel: Sendable {
  /// `output = expression(inputs…)`, elementwise over strided operands.
  case pointwise(PointwiseKernel)
  /// `output = epilogue(left × right, extras…)`. Inputs: left, right, then the epilogue's extras.
  case matrixProduct(MatrixProductKernel)
  /// `output = Σ or max over the reduced axes of prologue(inputs…)`.
  case reduction(ReductionKernel)
  /// Row-wise: the position of the largest value, as int32.
  case argmax(RowKernel)
  /// Row-wise probabilities.
  case softmax(RowKernel)
  /// Row-wise `log Σ exp`.
  case logSumExp(RowKernel)
  /// Row-wise negative log-probability. Inputs: logits, int32 labels.
  case softmaxCrossEntropy(RowKernel)
  /// `(softmax − onehot) · upstream[row]`. Inputs: logits, int32 labels, upstream.
  case softmaxCrossEntropyGradient(RowKernel)
  /// `output[i, :] = epilogue(table[indices[i], :], extras…)`. Inputs: table, int32 indices, then extras.
  case gather(GatherKernel)
  /// `output[r, :] = Σ over i with indices[i] = r of values[i, :]`, in the order of i. Inputs: values, indices.
  case scatterAdd(ScatterAddKernel)
  /// The optimizer's update of a whole arena. Inputs: gradients, then the scale (one float) when clipping.
  /// Outputs: parameters, then each state.
  case update(UpdateKernel)
}

/// An expression over strided operands; axes are collapsed as far as all operands allow.
public struct PointwiseKernel: Sendable, Hashable {
  /// `input(i)` is the ith operand's element, converted to float.
  public let expression: Expression
  /// The extents, outermost first; row-major order over them numbers the elements for random streams.
  public let extents: [Int]
  /// Each operand's stride along each axis; 0 repeats it.
  public let inputStrides: [[Int]]
  /// The output's stride along each axis.
  public let outputStrides: [Int]

  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }
}

/// `m × k` times `k × n`, over batch axes.
public struct MatrixProductKernel: Sendable, Hashable {
  /// Where a matrix's elements lie.
  public struct Matrix: Sendable, Hashable {
    /// The stride between rows.
    public let rowStride: Int
    /// The stride between columns.
    public let columnStride: Int
    /// The stride along each batch axis.
    public let batchStrides: [Int]
  }

  /// Rows of the result.
  public let m: Int
  /// Columns of the result.
  public let n: Int
  /// The inner extent.
  public let k: Int
  /// The batch axes' extents; empty for one product.
  public let batch: [Int]
  /// The `m × k` operand.
  public let left: Matrix
  /// The `k × n` operand.
  public let right: Matrix
  /// The result; `columnStride` is 1.
  public let output: Matrix
  /// What happens to each element before it is stored: `input(0)` is the product, `input(1 + i)` the ith extra.
  /// Row-major order over batch, rows and columns numbers the elements for random streams.
  public let epilogue: Expression?
  /// Where the extras' elements lie; stride 0 repeats.
  public let extras: [Matrix]
}

/// A sum or maximum over axes of an expression.
public struct ReductionKernel: Sendable, Hashable {
  /// Sum or maximum.
  public let kind: Reduction.Kind
  /// What is reduced; never random.
  public let prologue: Expression
  /// The extents that stay, outermost first; the output is contiguous over them.
  public let kept: [Int]
  /// The extents that are reduced, outermost first.
  public let reduced: [Int]
  /// Each operand's strides along the kept axes.
  public let keptStrides: [[Int]]
  /// Each operand's strides along the reduced axes.
  public let reducedStrides: [[Int]]
}

/// A computation on each row of a contiguous matrix.
public struct RowKernel: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The length of each row.
  public let columns: Int
}

/// Rows picked from a table.
public struct GatherKernel: Sendable, Hashable {
  /// The number of indices.
  public let rows: Int
  /// The length of a row.
  public let columns: Int
  /// The number of rows in the table; nothing outside it may be read.
  public let tableRows: Int
  /// As in `MatrixProductKernel`; nil copies floats or integers. A table of bytes always has one.
  public let epilogue: Expression?
  /// Where the extras' elements lie over rows and columns.
  public let extras: [MatrixProductKernel.Matrix]
}

/// Rows added into a table of zeros.
public struct ScatterAddKernel: Sendable, Hashable {
  /// The number of indices.
  public let rows: Int
  /// The length of a row.
  public let columns: Int
  /// The number of rows in the table.
  public let tableRows: Int
}

/// The update of all parameters.
public struct UpdateKernel: Sendable {
  /// The rule.
  public let optimizer: any Optimizer.Type
  /// The arena's length.
  public let count: Int
}

extension Kernel {
  /// The kind's name in plans and profiles.
  public var name: String {
    switch self {
    case .pointwise: "pointwise"
    case .matrixProduct: "matrix product"
    case .reduction: "reduction"
    case .argmax: "argmax"
    case .softmax: "softmax"
    case .logSumExp: "log-sum-exp"
    case .softmaxCrossEntropy: "softmax cross-entropy"
    case .softmaxCrossEntropyGradient: "softmax cross-entropy gradient"
    case .gather: "gather"
    case .scatterAdd: "scatter-add"
    case .update: "update"
    }
  }
}
