import Foundation

/// How the learning rate changes over a run: a pure function of the step.
///
/// A shape, scaled by `learningRate`, behind a linear warm-up. Its text form, as on the command line, is the shape's
/// name and settings: `cosine:min=1e-5,warmup=200`.
public struct Schedule: Sendable, Hashable {
  /// The course after the warm-up. Epochs count from 1 and change the rate at their first step.
  public enum Shape: Sendable, Hashable {
    /// The learning rate throughout.
    case constant
    /// The learning rate over the root of the epoch or step: `αₜ = α/√t` of the Adam paper's section 6.
    case inverseSquareRoot(Period)
    /// Multiplied by `factor` after every so many epochs.
    case step(factor: Double, every: Int)
    /// Multiplied by `factor` after every epoch.
    case exponential(factor: Double)
    /// Half a cosine wave from the learning rate down to `minimum` at the end of the run.
    case cosine(minimum: Double)
  }

  /// What a schedule counts.
  public enum Period: String, Sendable, CaseIterable {
    case epoch, step
  }

  /// The rate that the shape scales: what optimizers get as their initial learning rate.
  public let learningRate: Double

  /// The course after the warm-up.
  public let shape: Shape

  /// The number of steps over which the rate rises linearly; step `t` has `t/warmup` of the shape's rate.
  public let warmup: Int

  /// A learning rate's course.
  ///
  /// - Throws: `OptimizerError` unless the learning rate is positive, factors lie in (0, 1], the cosine's minimum between 0
  ///   and the learning rate, and counts are not negative.
  public init(learningRate: Double, shape: Shape = .constant, warmup: Int = 0) throws(OptimizerError) {
    func check(_ valid: Bool, _ name: String, _ value: String, _ allowed: String) throws(OptimizerError) {
      if !valid { throw .invalidValue(owner: "schedule", name: name, value: value, allowed: allowed) }
    }
    func checkFactor(_ factor: Double) throws(OptimizerError) {
      try check(factor > 0 && factor <= 1, "factor", "\(factor)", "above 0 and at most 1")
    }
    try check(
      AllowedRange.positive.contains(learningRate), "learning rate", "\(learningRate)",
      AllowedRange.positive.description)
    try check(warmup >= 0, "warmup", "\(warmup)", "at least 0")
    switch shape {
    case .constant, .inverseSquareRoot: break
    case .step(let factor, let every):
      try checkFactor(factor)
      try check(every >= 1, "every", "\(every)", "at least 1")
    case .exponential(let factor):
      try checkFactor(factor)
    case .cosine(let minimum):
      try check(minimum >= 0 && minimum <= learningRate, "min", "\(minimum)", "from 0 to the learning rate")
    }
    self.learningRate = learningRate
    self.shape = shape
    self.warmup = warmup
  }

  /// The learning rate at a step.
  ///
  /// - Parameters:
  ///   - step: counts from 1.
  ///   - stepsPerEpoch: the number of batches in an epoch.
  ///   - totalSteps: the run's length, for the shapes that depend on it.
  public func learningRate(step: Int, stepsPerEpoch: Int, totalSteps: Int) -> Double {
    let epochsDone = (step - 1) / max(1, stepsPerEpoch)
    let rate: Double
    switch shape {
    case .constant:
      rate = learningRate
    case .inverseSquareRoot(.epoch):
      rate = learningRate / Double(epochsDone + 1).squareRoot()
    case .inverseSquareRoot(.step):
      rate = learningRate / Double(step).squareRoot()
    case .step(let factor, let every):
      rate = learningRate * pow(factor, Double(epochsDone / every))
    case .exponential(let factor):
      rate = learningRate * pow(factor, Double(epochsDone))
    case .cosine(let minimum):
      // From the first step after the warm-up, so that step `totalSteps + 1` would have the minimum.
      let done = Double(max(0, step - 1 - warmup)) / Double(max(1, totalSteps - warmup))
      rate = minimum + (learningRate - minimum) * (1 + cos(.pi * min(1, done))) / 2
    }
    return step < warmup ? rate * Double(step) / Double(warmup) : rate
  }
}
