import ApusCPUKernels
import ApusExpression

// Limit: the exponential, 13 vector operations beside the five of a product; a softmax down the columns has no sum across
// lanes.

/// Turns scores into weights: a softmax over the keys that each query attends to, zeros behind them.
func attentionWeights(_ panel: AttentionPanel) {
  let sums = exponentials(panel) { _, _ in }
  let factors = PanelRow(1 / sums.first, 1 / sums.second)
  for key in 0..<panel.keys {
    let place = panel.scores + key * panelColumns
    (PanelRow(place) * factors).store(place)
  }
}

/// Turns scores into weights, and the weights' gradients, laid out as they are, into gradients of scores:
/// `weight · (gradient − Σ weight · gradient) · scale`.
func attentionGradients(_ panel: AttentionPanel, _ gradients: UnsafeMutablePointer<Float>) {
  var means = PanelRow(0, 0)
  let sums = exponentials(panel) { offset, weights in means.add(weights, PanelRow(gradients + offset)) }
  let factors = PanelRow(1 / sums.first, 1 / sums.second)
  means = means * factors
  let scale = Wide(splat: panel.scale)
  for offset in stride(from: 0, to: panel.keys * panelColumns, by: panelColumns) {
    let weights = PanelRow(panel.scores + offset) * factors
    let gradient = PanelRow(gradients + offset)
    weights.store(panel.scores + offset)
    PanelRow(
      weights.first * (gradient.first - means.first) * scale, weights.second * (gradient.second - means.second) * scale
    ).store(gradients + offset)
  }
}

/// Replaces scores by `exp(scale · (score − largest of the query))`, zeros where a key is not attended to, and sums them.
///
/// - Parameter visit: is given each row's offset and its exponentials.
@inline(__always)
private func exponentials(_ panel: AttentionPanel, _ visit: (_ offset: Int, _ weights: PanelRow) -> Void) -> PanelRow {
  let scores = panel.scores
  var largest = PanelRow(Wide(-Double.infinity), Wide(-Double.infinity))
  for key in 0..<panel.sharedKeys { largest.raise(PanelRow(scores + key * panelColumns)) }
  var key = panel.sharedKeys
  while key < panel.keys {
    let row = PanelRow(scores + key * panelColumns)
    largest.raise(row.hidingFirst(key - panel.sharedKeys + 1, behind: largest))
    key += 1
  }

  let scale = Wide(splat: panel.scale)
  let shifts = PanelRow(-(largest.first * scale), -(largest.second * scale))
  var sums = PanelRow(0, 0)
  func weights(_ offset: Int) -> PanelRow {
    let row = PanelRow(scores + offset)
    // No score is above the largest; what is below −87 is as good as zero.
    return PanelRow(
      .clampedExp(.multiplyAdd(row.first, scale, shifts.first)),
      .clampedExp(.multiplyAdd(row.second, scale, shifts.second)))
  }
  for key in 0..<panel.sharedKeys {
    let weights = weights(key * panelColumns)
    weights.store(scores + key * panelColumns)
    sums = sums + weights
    visit(key * panelColumns, weights)
  }
  key = panel.sharedKeys
  while key < panel.keys {
    let weights = weights(key * panelColumns).hidingFirst(key - panel.sharedKeys + 1, behind: PanelRow(0, 0))
    weights.store(scores + key * panelColumns)
    sums = sums + weights
    visit(key * panelColumns, weights)
    key += 1
  }
  return sums
}

/// A row of a panel: one number for each query.
private struct PanelRow {
  var first: Wide
  var second: Wide

  @inline(__always)
  init(_ first: Wide, _ second: Wide) {
    self.first = first
    self.second = second
  }

  @inline(__always)
  init(_ source: UnsafePointer<Float>) { self.init(.load(source), .load(source + Wide.count)) }

  @inline(__always)
  func store(_ target: UnsafeMutablePointer<Float>) {
    first.store(target)
    second.store(target + Wide.count)
  }

  @inline(__always)
  static func + (a: PanelRow, b: PanelRow) -> PanelRow { PanelRow(a.first + b.first, a.second + b.second) }

  @inline(__always)
  static func * (a: PanelRow, b: PanelRow) -> PanelRow { PanelRow(a.first * b.first, a.second * b.second) }

  /// Adds products.
  @inline(__always)
  mutating func add(_ a: PanelRow, _ b: PanelRow) {
    first = .multiplyAdd(a.first, b.first, first)
    second = .multiplyAdd(a.second, b.second, second)
  }

  /// Keeps the larger of two, column by column.
  @inline(__always)
  mutating func raise(_ other: PanelRow) {
    first = .select(Wide.less(first, other.first), other.first, first)
    second = .select(Wide.less(second, other.second), other.second, second)
  }

  /// The row with another's numbers in its first columns.
  @inline(__always)
  func hidingFirst(_ count: Int, behind other: PanelRow) -> PanelRow {
    let bound = Wide(splat: Float(count))
    return PanelRow(
      .select(Wide.less(ramp(), bound), other.first, first),
      .select(Wide.less(ramp() + Wide(splat: Float(Wide.count)), bound), other.second, second))
  }
}
