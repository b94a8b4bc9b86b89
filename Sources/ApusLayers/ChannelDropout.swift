import ApusExpression
import ApusGraph

/// In training, each channel of each sample is zero with probability `rate` and otherwise divided by `1 − rate`; outside
/// training, nothing. `torch.nn.Dropout2d` does the same.
///
/// Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015, arXiv:1411.4280.
public struct ChannelDropout: Module {
  /// The probability of a zero.
  public let rate: Double

  /// Dropout with a probability in `0 ..< 1`, over `[N, C, …]`.
  public init(_ rate: Double) { self.rate = rate }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard (0..<1).contains(rate), x.shape.rank >= 2 else {
      x.graph.report(
        "channel dropout needs samples [N, C, …] and a rate of at least 0 and below 1, not \(x.shape) and \(rate)",
        at: x.location)
      return x
    }
    guard x.graph.isTraining, rate > 0 else { return x }
    let stream = x.graph.makeRandomStream()
    let column = Shape(x.shape.dimensions.prefix(2) + [Int](repeating: 1, count: x.shape.rank - 2))
    let factors = pointwise(x.graph.constant(1).broadcast(to: column)) {
      Dropout.apply($0[0], random: .random(stream: stream), rate: Expression(rate))
    }
    return x * factors
  }
}
