/// What a program's matrix products and convolutions of one group round their operands to before they are multiplied; sums,
/// parameters, optimizer states and everything else stay in float32.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// Not rounded: 24 significant bits.
  case float32
  /// TensorFloat-32: 11 significant bits and float32's exponents; to nearest, ties away from zero.
  case tf32
  /// Bfloat16: 8 significant bits and float32's exponents; to nearest, ties to even.
  case bf16

  /// The largest relative change of an operand that is neither subnormal nor near the largest number; 0 where nothing is
  /// rounded.
  public var unitRoundoff: Double {
    switch self {
    case .float32: 0
    case .tf32: 0x1p-11
    case .bf16: 0x1p-8
    }
  }

  /// An operand as the products of this precision see it.
  public func rounded(_ value: Float) -> Float {
    guard !value.isNaN else { return value }
    let bits = value.bitPattern
    return switch self {
    case .float32: value
    case .tf32: Float(bitPattern: (bits &+ 0x1000) & 0xFFFF_E000)
    case .bf16: Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }
  }
}
