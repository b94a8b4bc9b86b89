import ApusGraph

/// Modules applied one after the other; parameters are named by position: `0.weight`.
public struct Sequential: Module {
  /// The modules in order.
  public let layers: [any Module]

  /// A chain of modules.
  public init(_ layers: any Module...) { self.layers = layers }

  /// A chain of modules.
  public init(_ layers: [any Module]) { self.layers = layers }

  public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }
}

/// `[N, …]` as `[N, product of the rest]`.
public struct Flatten: Module {
  /// The layer has no settings.
  public init() {}

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard let samples = x.shape.dimensions.first else { return x }
    return x.reshaped(to: [samples, x.shape.count / samples])
  }
}

/// Probabilities from logits along an axis, the last by default.
public struct Softmax: Module {
  /// The axis; negative ones count from the end.
  public let axis: Int

  /// A softmax along an axis.
  public init(axis: Int = -1) { self.axis = axis }

  public func callAsFunction(_ x: Tensor) -> Tensor { x.softmax(axis: axis) }
}
