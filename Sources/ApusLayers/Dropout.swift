import ApusExpression
import ApusGraph

/// In training, each element is zero with probability `rate` and otherwise divided by `1 − rate`; outside
/// training, nothing.
///
/// The decision is drawn by the counter generator from (seed, stream, step, element): nothing is stored for the
/// backward pass, and a resumed run drops what an uninterrupted one would have dropped.
///
/// Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014.
public struct Dropout: Module {
  /// The probability of a zero.
  public let rate: Double

  /// Dropout with a probability in `0 ..< 1`.
  public init(_ rate: Double) { self.rate = rate }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard (0..<1).contains(rate) else {
      x.graph.report("dropout's rate must be at least 0 and below 1, not \(rate)", at: x.location)
      return x
    }
    guard x.graph.isTraining, rate > 0 else { return x }
    let stream = x.graph.makeRandomStream()
    return pointwise(x) { Dropout.apply($0[0], random: .random(stream: stream), rate: Expression(rate)) }
  }

  /// The formula, given a uniform number in [0, 1).
  public static func apply<F: Formula>(_ x: F, random: F, rate: F) -> F {
    F.select(F.less(random, rate), 0, x * (1 / (1 - rate)))
  }
}
