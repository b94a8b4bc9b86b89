import Apus

extension Program {
  /// Additions and multiplications of the program's matrix products, convolutions and attentions; everything else is
  /// limited by memory and not counted.
  public var operationCount: Double { instructions.reduce(0) { $0 + Double($1.kernel.operationCount) } }
}

extension Kernel {
  /// Additions and multiplications, where these are what limits a kernel; otherwise 0.
  var operationCount: Int {
    switch self {
    case .matrixProduct(let product): 2 * product.m * product.n * product.k * product.batch.reduce(1, *)
    case .convolution(let convolution): convolution.shape.operationCount
    case .attention(let shape): shape.operationCount
    case .attentionGradient(let shape): shape.gradientOperationCount
    default: 0
    }
  }
}
