import ApusExpression

/// Numbers drawn one after the other.
struct RandomDraws {
  private let philox: Philox
  private var position = 0

  init(seed: UInt64) { philox = Philox(seed: seed) }

  /// A number from 0 to below a bound.
  mutating func below(_ bound: Int) -> Int {
    Int(philox.integer(below: UInt32(bound), element: &position, step: 0, stream: 0))
  }

  mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    position += 1
    let order = philox.permutation(count: elements.count, step: UInt32(truncatingIfNeeded: position), stream: 1)
    return order.map { elements[Int($0)] }
  }
}
