import ApusExpression
import ApusOptimizers
import Foundation

/// The reference trajectories of `Tests/Reference/optimizers.json`: rows that every backend runs and compares.
///
/// A row starts `elementCount` parameters at `start(_:)`, runs `stepCount` steps on the gradients of
/// `gradient(step:element:)` and knows the parameters after some of them, in double precision. Both formulas give
/// dyadic fractions, exact in single precision too. In an arena that is longer, element `i` is element
/// `i % elementCount` of the row.
public struct OptimizerReference: Decodable, Sendable {
  /// One trajectory.
  public struct Row: Decodable, Sendable, CustomStringConvertible {
    /// The optimizer's name.
    public let optimizer: String
    /// The hyperparameters that differ from their defaults.
    public let settings: [String: String]
    /// The learning rate that the run starts with.
    public let learningRate: Double
    /// The learning rate from step `laterStep` on, where it changes.
    public let laterLearningRate: Double?
    /// The parameters after a step, by the step.
    public let parameters: [Int: [Double]]

    private enum CodingKeys: String, CodingKey {
      case optimizer, settings, parameters
      case learningRate = "learning_rate"
      case laterLearningRate = "later_learning_rate"
    }

    /// The learning rate of a step.
    public func learningRate(step: Int) -> Double {
      step >= OptimizerReference.laterStep ? laterLearningRate ?? learningRate : learningRate
    }

    /// The optimizer with the row's hyperparameters.
    public func makeOptimizer() throws -> any Optimizer {
      try OptimizerKind(named: optimizer).make(settings)
    }

    /// The scalars of a step.
    public func uniforms(of optimizer: any Optimizer, step: Int) -> Uniforms<Double> {
      optimizer.uniforms(step: step, learningRate: learningRate(step: step), initialLearningRate: learningRate)
    }

    /// The largest relative error of a longer arena's parameters after a step, or nil where the row has none stored.
    public func error(of parameters: [some BinaryFloatingPoint], after step: Int) -> Double? {
      self.parameters[step].map { expected in
        parameters.enumerated().map { index, value in
          let reference = expected[index % expected.count]
          let error = abs(Double(value) - reference) / abs(reference)
          return error.isNaN ? .infinity : error
        }.max() ?? .infinity
      }
    }

    /// The optimizer and what is set, for test messages.
    public var description: String {
      let settings = settings.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
      return "\(optimizer)\(settings) lr=\(learningRate)" + (laterLearningRate.map { "→\($0)" } ?? "")
    }
  }

  /// A gradient before and after `torch.nn.utils.clip_grad_norm_`.
  public struct Clip: Decodable, Sendable {
    /// The gradient.
    public let gradients: [Double]
    /// The limit.
    public let maximumNorm: Double
    /// The gradient, scaled.
    public let clipped: [Double]

    private enum CodingKeys: String, CodingKey {
      case gradients, clipped
      case maximumNorm = "maximum_norm"
    }
  }

  /// The trajectories.
  public let rows: [Row]
  /// The examples of clipping.
  public let clipping: [Clip]

  /// The number of elements of a row.
  public static let elementCount = 6
  /// The number of steps of a row.
  public static let stepCount = 200
  /// The step at which a row's learning rate becomes its later one.
  public static let laterStep = 101

  private static let drift = [7, -6, 5, -4, 3, -2]

  /// Where an element starts.
  public static func start(_ element: Int) -> Double { 2 + Double(element % elementCount) / 4 }

  /// An element's gradient at a step: it changes sign and halves every 25 steps.
  public static func gradient(step: Int, element: Int) -> Double {
    let element = element % elementCount
    let noise = (step * step * (2 * element + 3) + 11 * step + 17 * element) % 41 - 20
    return Double(noise + drift[element]) / 16 / Double(1 << ((step - 1) / 25))
  }

  /// The file's content.
  public static func load() throws -> OptimizerReference {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Reference/optimizers.json")
    return try JSONDecoder().decode(OptimizerReference.self, from: Data(contentsOf: file))
  }
}
