/// Two vectors that a formula is computed for at once.
///
/// The elementary functions are chains of some twenty operations with a dozen constants, each of which waits for the one before
/// it. A loop over pairs has two chains to work on, and keeps the constants in registers where one over single vectors loads
/// them anew for each.
public struct Pair<Element: Lanes>: PackedFormula {
  /// What both comparisons gave.
  public struct Condition: Sendable {
    @usableFromInline let first: Element.Condition
    @usableFromInline let second: Element.Condition

    @inlinable @inline(__always)
    init(_ first: Element.Condition, _ second: Element.Condition) {
      self.first = first
      self.second = second
    }
  }

  /// The words of both.
  public struct Words: PackedWords {
    @usableFromInline let first: Element.Words
    @usableFromInline let second: Element.Words

    @inlinable @inline(__always)
    init(_ first: Element.Words, _ second: Element.Words) {
      self.first = first
      self.second = second
    }

    @inlinable @inline(__always)
    public init(_ value: UInt32) { self.init(Element.Words(value), Element.Words(value)) }

    @inlinable @inline(__always)
    public static func &+ (a: Self, b: Self) -> Self { Self(a.first &+ b.first, a.second &+ b.second) }

    @inlinable @inline(__always)
    public static func &- (a: Self, b: Self) -> Self { Self(a.first &- b.first, a.second &- b.second) }

    @inlinable @inline(__always)
    public static func & (a: Self, b: Self) -> Self { Self(a.first & b.first, a.second & b.second) }

    @inlinable @inline(__always)
    public static func | (a: Self, b: Self) -> Self { Self(a.first | b.first, a.second | b.second) }

    @inlinable @inline(__always)
    public static func ^ (a: Self, b: Self) -> Self { Self(a.first ^ b.first, a.second ^ b.second) }

    @inlinable @inline(__always)
    public func shiftedLeft(_ count: UInt32) -> Self {
      Self(first.shiftedLeft(count), second.shiftedLeft(count))
    }

    @inlinable @inline(__always)
    public func shiftedRight(_ count: UInt32) -> Self {
      Self(first.shiftedRight(count), second.shiftedRight(count))
    }
  }

  public var first: Element
  public var second: Element

  @inlinable @inline(__always)
  public init(_ first: Element, _ second: Element) {
    self.first = first
    self.second = second
  }

  @inlinable @inline(__always)
  public init(_ value: Double) { self.init(Element(value), Element(value)) }

  @inlinable @inline(__always)
  public init(splat value: Float) { self.init(Element(splat: value), Element(splat: value)) }

  @inlinable @inline(__always)
  public init(floatLiteral value: Double) { self.init(value) }

  @inlinable @inline(__always)
  public init(integerLiteral value: Int) { self.init(Double(value)) }

  @inlinable @inline(__always)
  public init(bits: Words) { self.init(Element(bits: bits.first), Element(bits: bits.second)) }

  @inlinable @inline(__always)
  public var bits: Words { Words(first.bits, second.bits) }

  /// Reads two vectors one behind the other from memory of any alignment.
  @inlinable @inline(__always)
  public static func load(_ source: UnsafePointer<Float>) -> Self {
    Self(.load(source), .load(source + Element.count))
  }

  /// Writes the vectors one behind the other to memory of any alignment.
  @inlinable @inline(__always)
  public func store(_ destination: UnsafeMutablePointer<Float>) {
    first.store(destination)
    second.store(destination + Element.count)
  }

  @inlinable @inline(__always)
  public static func + (a: Self, b: Self) -> Self { Self(a.first + b.first, a.second + b.second) }

  @inlinable @inline(__always)
  public static func - (a: Self, b: Self) -> Self { Self(a.first - b.first, a.second - b.second) }

  @inlinable @inline(__always)
  public static func * (a: Self, b: Self) -> Self { Self(a.first * b.first, a.second * b.second) }

  @inlinable @inline(__always)
  public static func / (a: Self, b: Self) -> Self { Self(a.first / b.first, a.second / b.second) }

  @inlinable @inline(__always)
  public static prefix func - (a: Self) -> Self { Self(-a.first, -a.second) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self {
    Self(.multiplyAdd(a.first, b.first, c.first), .multiplyAdd(a.second, b.second, c.second))
  }

  @inlinable @inline(__always)
  public static func sqrt(_ x: Self) -> Self { Self(.sqrt(x.first), .sqrt(x.second)) }

  @inlinable @inline(__always)
  public static func floor(_ x: Self) -> Self { Self(.floor(x.first), .floor(x.second)) }

  @inlinable @inline(__always)
  public static func sin(_ x: Self) -> Self { Self(.sin(x.first), .sin(x.second)) }

  @inlinable @inline(__always)
  public static func cos(_ x: Self) -> Self { Self(.cos(x.first), .cos(x.second)) }

  @inlinable @inline(__always)
  public static func less(_ a: Self, _ b: Self) -> Condition {
    Condition(Element.less(a.first, b.first), Element.less(a.second, b.second))
  }

  @inlinable @inline(__always)
  public static func lessOrEqual(_ a: Self, _ b: Self) -> Condition {
    Condition(Element.lessOrEqual(a.first, b.first), Element.lessOrEqual(a.second, b.second))
  }

  @inlinable @inline(__always)
  public static func equal(_ a: Self, _ b: Self) -> Condition {
    Condition(Element.equal(a.first, b.first), Element.equal(a.second, b.second))
  }

  @inlinable @inline(__always)
  public static func select(_ condition: Condition, _ a: Self, _ b: Self) -> Self {
    Self(.select(condition.first, a.first, b.first), .select(condition.second, a.second, b.second))
  }
}
