/// Scores of some queries of one head, a row for each, and what becomes of them.
package struct AttentionRows {
  /// Products of queries and keys; become weights, or their gradient.
  package var scores: UnsafeMutablePointer<Float>
  /// Floats from one row to the next.
  package var stride: Int
  package var rows: Int
  /// The keys that some row attends to; weights of those that a row does not are zero.
  package var keys: Int
  /// The keys that the first row attends to, and how many more every row has than the one before.
  package var firstKeys: Int
  package var keysPerRow: Int
  /// What scores are multiplied by.
  package var scale: Float

  package init(
    scores: UnsafeMutablePointer<Float>, stride: Int, rows: Int, keys: Int, firstKeys: Int, keysPerRow: Int,
    scale: Float
  ) {
    self.scores = scores
    self.stride = stride
    self.rows = rows
    self.keys = keys
    self.firstKeys = firstKeys
    self.keysPerRow = keysPerRow
    self.scale = scale
  }
}

/// What the gradient of scores is computed from.
package struct AttentionReturns {
  /// The weights, laid out as the rows' scores.
  package var weights: UnsafePointer<Float>
  /// The result of every query and its gradient, `width` floats each.
  package var result: UnsafePointer<Float>
  package var gradient: UnsafePointer<Float>
  package var stride: Int
  package var width: Int

  package init(
    weights: UnsafePointer<Float>, result: UnsafePointer<Float>, gradient: UnsafePointer<Float>, stride: Int,
    width: Int
  ) {
    self.weights = weights
    self.result = result
    self.gradient = gradient
    self.stride = stride
    self.width = width
  }
}
