import ApusCPUKernels
import ApusExpression

// Limit: the exponential, 13 vector operations beside the five of a product; a softmax down the columns has no sum across
// lanes.

/// Turns scores into weights: a softmax over the keys that each query attends to, zeros behind them.
func attentionWeights(_ panel: AttentionPanel) {
  let sums = exponentials(panel) { _, _ in }
  let factors = 1 / sums
  for key in 0..<panel.keys {
    let place = panel.scores + key * panelColumns
    (.load(place) * factors).store(place)
  }
}

/// Turns scores into weights, and the weights' gradients, laid out as they are, into gradients of scores:
/// `weight · (gradient − Σ weight · gradient) · scale`.
func attentionGradients(_ panel: AttentionPanel, _ gradients: UnsafeMutablePointer<Float>) {
  var means: PanelRow = 0
  let sums = exponentials(panel) { offset, weights in means.add(weights, .load(gradients + offset)) }
  let factors = 1 / sums
  means = means * factors
  let scale = PanelRow(splat: panel.scale)
  for offset in stride(from: 0, to: panel.keys * panelColumns, by: panelColumns) {
    let weights = .load(panel.scores + offset) * factors
    weights.store(panel.scores + offset)
    (weights * (.load(gradients + offset) - means) * scale).store(gradients + offset)
  }
}

/// Replaces scores by `exp(scale · (score − largest of the query))`, zeros where a key is not attended to, and sums them.
///
/// - Parameter visit: is given each row's offset and its exponentials.
@inline(__always)
private func exponentials(_ panel: AttentionPanel, _ visit: (_ offset: Int, _ weights: PanelRow) -> Void) -> PanelRow {
  let scores = panel.scores
  var largest = PanelRow(-Double.infinity)
  for key in 0..<panel.sharedKeys { largest.raise(.load(scores + key * panelColumns)) }
  var key = panel.sharedKeys
  while key < panel.keys {
    let row = PanelRow.load(scores + key * panelColumns)
    largest.raise(row.hidingFirst(key - panel.sharedKeys + 1, behind: largest))
    key += 1
  }

  let scale = PanelRow(splat: panel.scale)
  let shifts = -(largest * scale)
  var sums: PanelRow = 0
  // No score is above the largest; what is below −87 is as good as zero.
  func weights(_ offset: Int) -> PanelRow { .clampedExp(.multiplyAdd(.load(scores + offset), scale, shifts)) }
  for key in 0..<panel.sharedKeys {
    let weights = weights(key * panelColumns)
    weights.store(scores + key * panelColumns)
    sums = sums + weights
    visit(key * panelColumns, weights)
  }
  key = panel.sharedKeys
  while key < panel.keys {
    let weights = weights(key * panelColumns).hidingFirst(key - panel.sharedKeys + 1, behind: 0)
    weights.store(scores + key * panelColumns)
    sums = sums + weights
    visit(key * panelColumns, weights)
    key += 1
  }
  return sums
}

/// A row of a panel: one number for each query.
private typealias PanelRow = Pair<Wide>

extension Pair<Wide> {
  /// Adds products.
  @inline(__always)
  fileprivate mutating func add(_ a: Self, _ b: Self) { self = .multiplyAdd(a, b, self) }

  /// Keeps the larger of two, column by column.
  @inline(__always)
  fileprivate mutating func raise(_ other: Self) { self = .max(self, other) }

  /// The row with another's numbers in its first columns.
  @inline(__always)
  fileprivate func hidingFirst(_ count: Int, behind other: Self) -> Self {
    let columns = Self(ramp(), ramp() + Wide(splat: Float(Wide.count)))
    return .select(Self.less(columns, Self(splat: Float(count))), other, self)
  }
}
