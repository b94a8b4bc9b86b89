/// Part of a matrix and where its panels go.
///
/// "Minor" is the direction within a panel (B's columns, A's rows), "depth" the direction of the summation. In the
/// packed form a panel holds, for every step of the summation in turn, `width` neighbouring elements; what is
/// missing in the last panel is zero.
package struct MatrixPanels {
  /// The element at minor index 0 and depth 0 of the part.
  package var source: UnsafePointer<Float>
  /// From one minor index to the next, in floats.
  package var minorStride: Int
  /// From one step of the summation to the next, in floats.
  package var depthStride: Int
  /// The elements in the minor direction.
  package var count: Int
  /// The steps of the summation.
  package var depth: Int

  /// Where the first panel's step 0 goes.
  package var destination: UnsafeMutablePointer<Float>
  /// From one panel to the next, in floats.
  package var panelStride: Int
  /// The elements of a step of a panel, and the floats from one step to the next.
  package var width: Int

  package init(
    source: UnsafePointer<Float>, minorStride: Int, depthStride: Int, count: Int, depth: Int,
    destination: UnsafeMutablePointer<Float>, panelStride: Int, width: Int
  ) {
    self.source = source
    self.minorStride = minorStride
    self.depthStride = depthStride
    self.count = count
    self.depth = depth
    self.destination = destination
    self.panelStride = panelStride
    self.width = width
  }
}
