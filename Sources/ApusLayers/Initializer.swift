import ApusExpression
import ApusGraph
import Foundation

/// How a parameter starts: a distribution, scaled by the layer's fan-in and fan-out where it says so.
///
/// Values are drawn by the counter generator from (seed, the parameter's position, element), so they depend on
/// nothing but the seed.
///
/// Sources: LeCun et al., "Efficient BackProp", 1998; Glorot and Bengio, AISTATS 2010 (`xavier`); He et al.,
/// ICCV 2015, arXiv:1502.01852 (`kaiming`).
public enum Initializer: Sendable, Hashable {
  /// Uniform in ±1/√fanIn for weights and biases: what `torch.nn.Linear` and `torch.nn.Conv2d` do by default.
  case standard
  /// Normal with the given deviation, biases zero.
  case normal(Double)
  /// Uniform in ±bound, biases zero.
  case uniform(Double)
  /// Uniform in ±√(6/fanIn), biases zero.
  case kaimingUniform
  /// Normal with deviation √(2/fanIn), biases zero.
  case kaimingNormal
  /// Uniform in ±√(6/(fanIn + fanOut)), biases zero.
  case xavierUniform
  /// Normal with deviation √(2/(fanIn + fanOut)), biases zero.
  case xavierNormal
  /// The same number everywhere.
  case constant(Double)

  /// What a layer's bias starts with when its weight starts with this.
  public var forBias: Initializer {
    switch self {
    case .standard: .standard
    default: .constant(0)
    }
  }

  /// The values of a parameter.
  ///
  /// - Parameters:
  ///   - declaration: the parameter's shape and fans.
  ///   - philox: the run's generator.
  ///   - stream: the parameter's position in the model, so that each draws its own numbers.
  public static func values(_ declaration: ParameterDeclaration, philox: Philox, stream: UInt32) -> [Float] {
    let count = declaration.shape.count
    let fanIn = Double(max(declaration.fanIn, 1))
    let fans = Double(max(declaration.fanIn + declaration.fanOut, 1))
    func uniform(_ bound: Double) -> [Float] {
      (0..<count).map { Float((2 * Double(draw($0)) - 1) * bound) }
    }
    func draw(_ element: Int) -> Float { philox.uniform(element: element, step: step, stream: stream) }
    // Box and Muller: two uniform numbers make two normal ones.
    func normal(_ deviation: Double) -> [Float] {
      (0..<count).map { element in
        let pair = element / 2 * 2
        let radius = (-2 * Foundation.log(1 - Double(draw(pair)))).squareRoot()
        let angle = 2 * Double.pi * Double(draw(pair + 1))
        return Float(radius * (element == pair ? Foundation.cos(angle) : Foundation.sin(angle)) * deviation)
      }
    }
    switch declaration.initializer {
    case .standard: return uniform(1 / fanIn.squareRoot())
    case .normal(let deviation): return normal(deviation)
    case .uniform(let bound): return uniform(bound)
    case .kaimingUniform: return uniform((6 / fanIn).squareRoot())
    case .kaimingNormal: return normal((2 / fanIn).squareRoot())
    case .xavierUniform: return uniform((6 / fans).squareRoot())
    case .xavierNormal: return normal((2 / fans).squareRoot())
    case .constant(let value): return [Float](repeating: Float(value), count: count)
    }
  }

  /// A step that no training step has, so that weights and dropout draw different numbers.
  private static let step = UInt32.max
}

extension Initializer: CustomStringConvertible {
  /// The text forms.
  public static let forms = [
    "standard", "normal:DEVIATION", "uniform:BOUND", "kaiming-uniform", "kaiming-normal", "xavier-uniform",
    "xavier-normal", "constant:VALUE", "zeros", "ones",
  ]

  /// Reads the text form, such as `normal:0.01`.
  ///
  /// - Throws: `LayerError` that lists the forms.
  public init(parsing text: String) throws(LayerError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = parts.count == 2 ? Double(parts[1]) : nil
    switch (parts[0], value) {
    case ("standard", nil) where parts.count == 1: self = .standard
    case ("kaiming-uniform", nil) where parts.count == 1: self = .kaimingUniform
    case ("kaiming-normal", nil) where parts.count == 1: self = .kaimingNormal
    case ("xavier-uniform", nil) where parts.count == 1: self = .xavierUniform
    case ("xavier-normal", nil) where parts.count == 1: self = .xavierNormal
    case ("zeros", nil) where parts.count == 1: self = .constant(0)
    case ("ones", nil) where parts.count == 1: self = .constant(1)
    case ("normal", let value?) where value >= 0 && value.isFinite: self = .normal(value)
    case ("uniform", let value?) where value >= 0 && value.isFinite: self = .uniform(value)
    case ("constant", let value?) where value.isFinite: self = .constant(value)
    default:
      throw LayerError("'\(text)' is no initializer; known: \(Self.forms.joined(separator: ", "))")
    }
  }

  /// The text form.
  public var description: String {
    switch self {
    case .standard: "standard"
    case .normal(let deviation): "normal:\(deviation)"
    case .uniform(let bound): "uniform:\(bound)"
    case .kaimingUniform: "kaiming-uniform"
    case .kaimingNormal: "kaiming-normal"
    case .xavierUniform: "xavier-uniform"
    case .xavierNormal: "xavier-normal"
    case .constant(let value): "constant:\(value)"
    }
  }
}

/// A setting of a layer or model that cannot be.
public struct LayerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what is allowed.
  public let message: String

  /// An error with a one-line message.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
