import ApusExpression

/// One element's share of an update: its parameter, its gradient and up to three state values.
///
/// All five live in flat arenas of one layout, so a backend's whole update is one loop over elements.
public struct Slots<F: Formula> {
  /// The parameter, read and written.
  public var parameter: F
  /// The gradient of the loss, already scaled by global-norm clipping.
  public var gradient: F
  /// The optimizer's first state value; each optimizer's file gives it its name.
  public var state0: F
  /// The second state value.
  public var state1: F
  /// The third state value.
  public var state2: F

  /// The values of one element; state that an optimizer does not have is left at zero.
  @inlinable @inline(__always)
  public init(parameter: F, gradient: F, state0: F = 0, state1: F = 0, state2: F = 0) {
    self.parameter = parameter
    self.gradient = gradient
    self.state0 = state0
    self.state1 = state1
    self.state2 = state2
  }
}
