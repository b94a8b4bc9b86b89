/// Everything that a graph can compute. The enum is closed: a backend that forgets a case does not compile.
public enum Operation: Hashable, Sendable {
  case input(Input)
  case parameter(ParameterLeaf)
  case statistic(StatisticLeaf)
  case constant(Constant)
  case pointwise(Pointwise)
  case matrixProduct(MatrixProduct)
  case reduction(Reduction)
  case argmax(Argmax)
  case softmax(Softmax)
  case logSumExp(LogSumExp)
  case softmaxCrossEntropy(SoftmaxCrossEntropy)
  case softmaxCrossEntropyGradient(SoftmaxCrossEntropyGradient)
  case gather(Gather)
  case scatterAdd(ScatterAdd)
  case convolution(Convolution)
  case convolutionInputGradient(ConvolutionInputGradient)
  case convolutionWeightGradient(ConvolutionWeightGradient)
  case pool(Pool)
  case poolGradient(PoolGradient)
  case standardization(Standardization)
  case attention(Attention)
  case attentionGradient(AttentionGradient)
  case sparseRows(RowEntries)
  case sparseProduct(SparseProduct)
  case sparseProductGradient(SparseProductGradient)
  case augmentation(Augmentation)
  case reshape(Reshape)
  case transpose(Transpose)
  case broadcast(Broadcast)
  case slice(Slice)
  case pad(Pad)
  case concatenate(Concatenate)

  var rule: any OperationRule {
    switch self {
    case .input(let rule): rule
    case .parameter(let rule): rule
    case .statistic(let rule): rule
    case .constant(let rule): rule
    case .pointwise(let rule): rule
    case .matrixProduct(let rule): rule
    case .reduction(let rule): rule
    case .argmax(let rule): rule
    case .softmax(let rule): rule
    case .logSumExp(let rule): rule
    case .softmaxCrossEntropy(let rule): rule
    case .softmaxCrossEntropyGradient(let rule): rule
    case .gather(let rule): rule
    case .scatterAdd(let rule): rule
    case .convolution(let rule): rule
    case .convolutionInputGradient(let rule): rule
    case .convolutionWeightGradient(let rule): rule
    case .pool(let rule): rule
    case .poolGradient(let rule): rule
    case .standardization(let rule): rule
    case .attention(let rule): rule
    case .attentionGradient(let rule): rule
    case .sparseRows(let rule): rule
    case .sparseProduct(let rule): rule
    case .sparseProductGradient(let rule): rule
    case .augmentation(let rule): rule
    case .reshape(let rule): rule
    case .transpose(let rule): rule
    case .broadcast(let rule): rule
    case .slice(let rule): rule
    case .pad(let rule): rule
    case .concatenate(let rule): rule
    }
  }

  /// The operation's name in error messages and plans.
  public var name: String { rule.name }
}

/// What every operation has to say about itself.
protocol OperationRule: Hashable, Sendable {
  /// The name in error messages and plans.
  var name: String { get }

  /// The result's type, or a `RuleViolation` that names the operands' types.
  func type(of operands: [TensorType]) throws -> TensorType

  /// The gradient that reaches each operand; nil where none does.
  func pullback(_ context: Pullback) -> [Tensor?]
}

extension OperationRule {
  func pullback(_ context: Pullback) -> [Tensor?] { context.operands.map { _ in nil } }
}

/// What a pullback can draw on.
struct Pullback {
  /// The operation's operands in the forward pass.
  let operands: [Tensor]
  /// The operation's result in the forward pass.
  let result: Tensor
  /// The gradient of the loss with respect to the result.
  let gradient: Tensor
  /// Whether each operand leads to a tensor whose gradient was asked for.
  let isNeeded: [Bool]

  var location: SourceLocation { result.location }
}
