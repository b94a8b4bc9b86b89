import ApusCPUKernels
import ApusExpression

/// Turns scores into weights: a softmax of each row over the keys that it attends to, zeros behind them.
func attentionWeights(_ r: AttentionRows) {
  let scale = Wide(splat: r.scale)
  for row in 0..<r.rows {
    let scores = r.scores + row * r.stride
    let keys = min(r.firstKeys + row * r.keysPerRow, r.keys)
    let shift = Wide(splat: maximum(scores, keys) * r.scale)
    var sum: Wide = 0
    var key = 0
    while key < keys {
      let weights = firstLanes(.exp(.multiplyAdd(.load(scores + key), scale, -shift)), keys - key, else: 0)
      sum = sum + weights
      weights.store(scores + key)
      key += Wide.count
    }
    let factor = Wide(splat: 1 / sum.sum)
    key = 0
    while key < keys {
      (Wide.load(scores + key) * factor).store(scores + key)
      key += Wide.count
    }
    while key < r.keys {
      Wide(0).store(scores + key)
      key += Wide.count
    }
  }
}

/// Turns gradients of weights into gradients of scores: `weight · (gradient − Σ weight · gradient) · scale`, where the
/// sum is also that of the result times its gradient.
func attentionScoreGradients(_ r: AttentionRows, _ o: AttentionReturns) {
  let scale = Wide(splat: r.scale)
  for row in 0..<r.rows {
    let gradients = r.scores + row * r.stride
    let weights = o.weights + row * r.stride
    let mean = Wide(splat: product(o.result + row * o.stride, o.gradient + row * o.stride, o.width))
    var key = 0
    while key < r.keys {
      (Wide.load(weights + key) * (Wide.load(gradients + key) - mean) * scale).store(gradients + key)
      key += Wide.count
    }
  }
}

/// The sum of products of two short rows.
@inline(__always)
private func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum: Wide = 0
  var index = 0
  while index + Wide.count <= count {
    sum = .multiplyAdd(.load(a + index), .load(b + index), sum)
    index += Wide.count
  }
  if index < count {
    sum = sum + firstLanes(Wide.load(a + index) * .load(b + index), count - index, else: 0)
  }
  return sum.sum
}
