import ApusExpression
import ApusGraph

/// Each channel of a batch with mean 0 and variance 1, then scaled and shifted by parameters.
///
/// In training, mean and variance are the batch's own, and running averages of them are kept as statistics; outside
/// training the running averages are used. Parameters: `weight` (ones) and `bias` (zeros), statistics: `running_mean`
/// (zeros) and `running_var` (ones, of the unbiased variance), all `[channels]`, as in `torch.nn.BatchNorm2d`.
///
/// Source: Ioffe and Szegedy, 2015, arXiv:1502.03167.
public final class BatchNorm: ParameterOwner {
  /// The extent of axis 1.
  public let channels: Int
  /// The weight of the newest batch in the running averages.
  public let momentum: Double
  /// Added to the variance.
  public let epsilon: Double
  /// Whether there are `weight` and `bias`.
  public let isAffine: Bool
  private let location: (file: StaticString, line: UInt)

  /// A layer over `[N, channels]` or `[N, channels, H, W]`.
  public init(
    _ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5, affine: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.channels = channels
    self.momentum = momentum
    self.epsilon = epsilon
    isAffine = affine
    location = (file, line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (file, line) = location
    guard x.shape.rank >= 2, x.shape[1] == channels else {
      x.graph.report(
        "batch norm over \(channels) channels does not fit \(x.shape)", at: SourceLocation(file: file, line: line))
      return x
    }
    let column = Shape([channels] + [Int](repeating: 1, count: x.shape.rank - 2))
    func spread(_ tensor: Tensor) -> Tensor { tensor.reshaped(to: column, file: file, line: line) }
    let mean = statistic("running_mean", [channels], initial: 0, in: x.graph, file: file, line: line)
    let variance = statistic("running_var", [channels], initial: 1, in: x.graph, file: file, line: line)
    let weight =
      isAffine
      ? parameter("weight", [channels], .constant(1), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line) : nil
    let bias =
      isAffine
      ? parameter("bias", [channels], .constant(0), fanIn: 1, fanOut: 1, in: x.graph, file: file, line: line) : nil
    if x.graph.isTraining {
      let axes = (0..<x.shape.rank).filter { $0 != 1 }
      let moments = x.standardized(
        over: axes, epsilon: epsilon, weight: weight.map(spread), bias: bias.map(spread), file: file, line: line)
      let count = Double(x.shape.count / channels)
      let kept = Expression(1 - momentum)
      func follow(_ running: Tensor, _ batch: Tensor, scale: Double) {
        let batch = batch.reshaped(to: [channels], file: file, line: line)
        let share = Expression(momentum * scale)
        x.graph.assign(
          pointwise(running, batch, file: file, line: line) { kept * $0[0] + share * $0[1] }, to: running, file: file,
          line: line)
      }
      if let batchMean = moments.mean { follow(mean, batchMean, scale: 1) }
      follow(variance, moments.variance, scale: count / Swift.max(count - 1, 1))
      return moments.standardized
    }
    let epsilon = Expression(epsilon)
    let scale = pointwise(spread(variance), file: file, line: line) { 1 / .sqrt($0[0] + epsilon) }
    let y = (x - spread(mean)) * scale
    guard let weight, let bias else { return y }
    return y * spread(weight) + spread(bias)
  }
}
