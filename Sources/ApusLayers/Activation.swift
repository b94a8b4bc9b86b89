import ApusExpression
import ApusGraph

/// The pointwise nonlinearities, by name.
public enum Activation: String, Module, CaseIterable {
  case relu, tanh, sigmoid, softplus, silu, gelu, elu
  case geluTanh = "gelu-tanh"
  case leakyRelu = "leaky-relu"
  case identity

  public func callAsFunction(_ x: Tensor) -> Tensor {
    pointwise(x) { apply($0[0]) }
  }

  /// The function's formula. `gelu` is the exact one and `gelu-tanh` GPT-2's approximation of it; `leaky-relu` has slope 0.01 and `elu` α = 1.
  public func apply<F: Formula>(_ x: F) -> F {
    switch self {
    case .relu: F.max(x, 0)
    case .tanh: F.tanh(x)
    case .sigmoid: F.sigmoid(x)
    case .softplus: F.softplus(x)
    case .silu: x * F.sigmoid(x)
    case .gelu: x * F.normalCDF(x)
    case .geluTanh: 0.5 * x * (1 + F.tanh(F((2 / Double.pi).squareRoot()) * (x + 0.044715 * x * x * x)))
    case .elu: F.select(F.less(0, x), x, F.exp(F.min(x, 0)) - 1)
    case .leakyRelu: F.select(F.less(0, x), x, 0.01 * x)
    case .identity: x
    }
  }
}
