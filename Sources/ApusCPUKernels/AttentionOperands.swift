/// Scores of a panel of queries of one head: a row for each key and a column for each query, so that a softmax runs down
/// the columns and no lane has to be added to another.
package struct AttentionPanel {
  /// `[keys, panelColumns]`: products of keys and queries; become weights.
  package var scores: UnsafeMutablePointer<Float>
  /// The keys that some query of the panel attends to.
  package var keys: Int
  /// The keys that all of them attend to; the first query does not attend to the key behind these, the first two not to
  /// the next, and so on. Weights of what is not attended to are zero.
  package var sharedKeys: Int
  /// What scores are multiplied by, positive.
  package var scale: Float

  package init(scores: UnsafeMutablePointer<Float>, keys: Int, sharedKeys: Int, scale: Float) {
    self.scores = scores
    self.keys = keys
    self.sharedKeys = sharedKeys
    self.scale = scale
  }
}
