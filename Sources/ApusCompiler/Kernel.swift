import ApusExpression
import ApusGraph
import ApusOptimizers

/// A launch's computation with its geometry in elements. Addresses are in the instruction's slices, whose
/// starts every stride here is relative to. All outputs are contiguous in row-major order unless a kernel
/// says otherwise.
public enum Kernel: Sendable {
  /// `output = expression(inputs…)`, elementwise over strided operands, an output for each expression.
  case pointwise(PointwiseKernel)
  /// `output = epilogue(left × right, extras…)` and, where wanted, the sums of left's rows. Inputs: left, right, then the
  /// epilogue's extras.
  case matrixProduct(MatrixProductKernel)
  /// `output = Σ or max over the reduced axes of prologue(inputs…)`, an output for each prologue.
  case reduction(ReductionKernel)
  /// Reductions along the rows of a matrix and chains over the same rows that need their results.
  case rowChain(RowChainKernel)
  /// Row-wise: the position of the largest value, as int32.
  case argmax(RowKernel)
  /// Row-wise probabilities.
  case softmax(RowKernel)
  /// Row-wise `log Σ exp`.
  case logSumExp(RowKernel)
  /// The negative log-probabilities of labels, what they send back to the logits, or both.
  case softmaxCrossEntropy(CrossEntropyKernel)
  /// `output[i, :] = epilogue(table[indices[i], :], extras…)`. Inputs: table, int32 indices, then extras.
  case gather(GatherKernel)
  /// `output[r, :] = Σ over i with indices[i] = r of values[i, :]`, in the order of i. Inputs: values, indices.
  case scatterAdd(ScatterAddKernel)
  /// One of a convolution's three products. Inputs: input and weights (forward), output gradient and weights (to the
  /// input), input and output gradient (to the weights); then the epilogue's extras.
  case convolution(ConvolutionKernel)
  /// `output = pool(input)` over contiguous planes.
  case pool(PoolShape)
  /// What reaches a pooling's input. Inputs: the output's gradient and, for the largest element, the input.
  case poolGradient(PoolShape)
  /// Attention. Input: queries, keys and values `[B, T, 3, H, D]`; output `[B, T, H, D]`.
  case attention(AttentionShape)
  /// What reaches queries, keys and values. Inputs: those, the result, the result's gradient.
  case attentionGradient(AttentionShape)
  /// Rows of a sparse matrix padded to one length. Inputs: row starts, entries, picked rows.
  case sparseRows(SparseRowsKernel)
  /// `output[b, :] = Σ values[b, l] · table[columns[b, l], :]`; a negative column ends its row. Inputs: columns, values,
  /// table.
  case sparseProduct(SparseProductKernel)
  /// `output[f, :] = Σ values[b, l] · upstream[b, :]` over the entries of column f, in order. Inputs: columns, values,
  /// upstream.
  case sparseProductGradient(SparseProductKernel)
  /// Random shifts, mirrors and holes, as `Augmentation` defines them.
  case augmentation(AugmentationKernel)
  /// The optimizer's update of a whole arena. Inputs: gradients, then the scale (one float) when clipping.
  /// Outputs: parameters, then each state.
  case update(UpdateKernel)
}

/// Expressions over the same strided operands; axes are collapsed as far as all operands allow.
public struct PointwiseKernel: Sendable, Hashable {
  /// One for each output; `input(i)` is the ith operand's element, converted to float.
  public let expressions: [Expression]
  /// The extents, outermost first; row-major order over them numbers the elements for random streams.
  public let extents: [Int]
  /// Each operand's stride along each axis; 0 repeats it.
  public let inputStrides: [[Int]]
  /// The outputs' stride along each axis.
  public let outputStrides: [Int]

  /// The number of an output's elements.
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
  /// Whether a second output, `[m]`, is the sum of each of left's rows; never over batch axes. Beside the gradient of a
  /// layer's weights this is its bias's.
  public internal(set) var sumsRows = false

  /// The second output as a launch of its own; its input is left.
  public var rowSums: ReductionKernel {
    ReductionKernel(
      kind: .sum, prologues: [.input(0)], kept: [m], reduced: [k], keptStrides: [[left.rowStride]],
      reducedStrides: [[left.columnStride]])
  }
}

/// Sums or maxima over axes of expressions over the same operands.
public struct ReductionKernel: Sendable, Hashable {
  /// Sum or maximum.
  public let kind: Reduction.Kind
  /// What is reduced, one for each output; never random.
  public let prologues: [Expression]
  /// The extents that stay, outermost first; each output is contiguous over them.
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

/// Row-wise losses `−log softmax[label]`, their gradient `(softmax − onehot) · upstream`, or both. Inputs: contiguous logits,
/// int32 labels, and a row's upstream unless it is constant. Outputs: what is wanted, the losses first. A label that no column
/// has makes its row's loss NaN and its gradient 0.
public struct CrossEntropyKernel: Sendable, Hashable {
  /// What a loss's gradient is.
  public enum Upstream: Sendable, Hashable {
    /// The same for every row.
    case constant(Float)
    /// A float for each row, the third input.
    case operand
  }

  /// The number of rows.
  public let rows: Int
  /// The length of each row.
  public let columns: Int
  /// Whether the losses are wanted.
  public let hasLosses: Bool
  /// What the gradient is multiplied by; nil where it is not wanted.
  public let upstream: Upstream?

  package init(rows: Int, columns: Int, hasLosses: Bool, upstream: Upstream?) {
    self.rows = rows
    self.columns = columns
    self.hasLosses = hasLosses
    self.upstream = upstream
  }
}

/// Rows picked from a table.
public struct GatherKernel: Sendable, Hashable {
  /// The number of indices.
  public let rows: Int
  /// The length of a row.
  public let columns: Int
  /// The number of rows in the table; nothing outside it may be read.
  public let tableRows: Int
  /// The distance from one row of the table to the next; rows overlap where it is less than their length.
  public let rowStride: Int
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

/// A product of a convolution; all operands are contiguous.
public struct ConvolutionKernel: Sendable, Hashable {
  /// Which of the three products.
  public enum Pass: String, Sendable, Hashable {
    /// From input and weights to the output.
    case forward
    /// From the output's gradient and weights to the input's: a transposed convolution.
    case inputGradient = "input gradient"
    /// From the input and the output's gradient to the weights'.
    case weightGradient = "weight gradient"
  }

  /// Where an extra's elements lie; stride 0 repeats.
  public struct Extra: Sendable, Hashable {
    /// The stride between images.
    public let imageStride: Int
    /// The stride between channels.
    public let channelStride: Int
    /// The stride between pixels, in row-major order.
    public let pixelStride: Int
  }

  /// Which of the three products.
  public let pass: Pass
  /// The extents.
  public let shape: ConvolutionShape
  /// What happens to each element before it is stored: `input(0)` is the product, `input(1 + i)` the ith extra; the
  /// weights' gradient has none. Row-major order over the result numbers the elements for random streams.
  public let epilogue: Expression?
  /// Where the extras' elements lie over the result's images, channels and pixels.
  public let extras: [Extra]

  /// What operands are rounded to in a program of a precision: those of several groups stay in float32, because a group
  /// has few channels and tensor cores multiply many at a time.
  public func precision(in precision: Precision) -> Precision { shape.groups == 1 ? precision : .float32 }

  /// The result's extents.
  public var resultShape: Shape {
    switch pass {
    case .forward: shape.outputShape
    case .inputGradient: shape.inputShape
    case .weightGradient: shape.weightShape
    }
  }
}

/// Rows of a sparse matrix.
public struct SparseRowsKernel: Sendable, Hashable {
  /// The rows that are wanted.
  public let rows: Int
  /// The length that each is padded to.
  public let length: Int
  /// The rows of the matrix; nothing outside them may be read.
  public let tableRows: Int
  /// The number of entries; nothing past them may be read.
  public let entryCount: Int

  package init(rows: Int, length: Int, tableRows: Int, entryCount: Int) {
    self.rows = rows
    self.length = length
    self.tableRows = tableRows
    self.entryCount = entryCount
  }
}

/// A padded sparse matrix times a dense one, or the gradient of the dense one.
public struct SparseProductKernel: Sendable, Hashable {
  /// The rows of the sparse matrix.
  public let rows: Int
  /// The entries of each row, padding included.
  public let length: Int
  /// The rows of the dense matrix.
  public let tableRows: Int
  /// The columns of the dense matrix.
  public let columns: Int

  package init(rows: Int, length: Int, tableRows: Int, columns: Int) {
    self.rows = rows
    self.length = length
    self.tableRows = tableRows
    self.columns = columns
  }
}

/// Random changes of images.
public struct AugmentationKernel: Sendable, Hashable {
  /// The number of images.
  public let images: Int
  /// Their channels.
  public let channels: Int
  /// Their rows.
  public let height: Int
  /// Their columns.
  public let width: Int
  /// What is done.
  public let rule: Augmentation

  package init(images: Int, channels: Int, height: Int, width: Int, rule: Augmentation) {
    self.images = images
    self.channels = channels
    self.height = height
    self.width = width
    self.rule = rule
  }
}

/// The update of a stretch of parameters.
public struct UpdateKernel: Sendable {
  /// The rule.
  public let optimizer: any Optimizer.Type
  /// The stretch's length.
  public let count: Int
  /// Whether weight decay applies; otherwise the step's decay counts as zero.
  public let decays: Bool

  /// The scalars of a step as they hold for these parameters.
  public func uniforms(_ step: Uniforms<Float>) -> Uniforms<Float> {
    var own = step
    if !decays { own.weightDecay = 0 }
    return own
  }
}

extension Kernel {
  /// The kind's name in plans and profiles.
  public var name: String {
    switch self {
    case .pointwise(let kernel): kernel.expressions.count == 1 ? "pointwise" : "\(kernel.expressions.count) pointwise"
    case .matrixProduct(let kernel): kernel.sumsRows ? "matrix product and row sums" : "matrix product"
    case .reduction(let kernel): kernel.prologues.count == 1 ? "reduction" : "\(kernel.prologues.count) reductions"
    case .rowChain: "row chain"
    case .argmax: "argmax"
    case .softmax: "softmax"
    case .logSumExp: "log-sum-exp"
    case .softmaxCrossEntropy(let kernel): kernel.name
    case .gather: "gather"
    case .scatterAdd: "scatter-add"
    case .convolution(let kernel): kernel.pass == .forward ? "convolution" : "convolution \(kernel.pass.rawValue)"
    case .pool(let shape): "\(shape.kind.rawValue) pooling"
    case .poolGradient(let shape): "\(shape.kind.rawValue) pooling gradient"
    case .attention: "attention"
    case .attentionGradient: "attention gradient"
    case .sparseRows: "sparse rows"
    case .sparseProduct: "sparse product"
    case .sparseProductGradient: "sparse product gradient"
    case .augmentation: "augmentation"
    case .update: "update"
    }
  }
}

extension CrossEntropyKernel {
  fileprivate var name: String {
    guard upstream != nil else { return "softmax cross-entropy" }
    return hasLosses ? "softmax cross-entropy and gradient" : "softmax cross-entropy gradient"
  }
}
