import ApusGraph

/// How a tensor's elements lie in the contiguous storage of another: a start and a stride along each axis.
struct Layout: Hashable {
  var offset: Int
  var extents: [Int]
  var strides: [Int]

  init(offset: Int, extents: [Int], strides: [Int]) {
    self.offset = offset
    self.extents = extents
    self.strides = strides
  }

  /// Row-major storage from the start.
  init(contiguous shape: Shape) {
    self.init(offset: 0, extents: shape.dimensions, strides: shape.strides)
  }

  var count: Int { extents.reduce(1, *) }

  /// Whether the elements follow one another in row-major order (from any start).
  var isContiguous: Bool {
    var expected = 1
    for axis in extents.indices.reversed() where extents[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= extents[axis]
    }
    return true
  }

  /// Whether this is all of a storage of the given shape, axis by axis.
  func isIdentity(of shape: Shape) -> Bool {
    offset == 0 && extents == shape.dimensions && isContiguous
  }

  /// The stretch of storage from `offset` that the elements span.
  var span: Int {
    zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }

  func transposed(_ permutation: [Int]) -> Layout {
    Layout(offset: offset, extents: permutation.map { extents[$0] }, strides: permutation.map { strides[$0] })
  }

  func sliced(from starts: [Int], to shape: Shape) -> Layout {
    Layout(
      offset: offset + zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, extents: shape.dimensions,
      strides: strides)
  }

  func broadcast(to shape: Shape) -> Layout {
    let added = shape.rank - extents.count
    let strides = (0..<shape.rank).map { axis -> Int in
      axis < added || (extents[axis - added] == 1 && shape[axis] != 1) ? 0 : self.strides[axis - added]
    }
    return Layout(offset: offset, extents: shape.dimensions, strides: strides)
  }

  /// The layout under another shape, or nil where no strides describe it.
  func reshaped(to shape: Shape) -> Layout? {
    if isContiguous { return Layout(offset: offset, extents: shape.dimensions, strides: shape.strides) }
    let old = Layout.collapsed(extents: extents, strides: [strides])
    var newStrides = [Int](repeating: 0, count: shape.rank)
    var axis = shape.rank - 1
    for position in old.extents.indices.reversed() {
      var remaining = old.extents[position]
      var stride = old.strides[0][position]
      while remaining > 1 {
        guard axis >= 0, remaining % shape[axis] == 0 else { return nil }
        newStrides[axis] = stride
        stride *= shape[axis]
        remaining /= shape[axis]
        axis -= 1
      }
    }
    while axis >= 0 {
      guard shape[axis] == 1 else { return nil }
      axis -= 1
    }
    return Layout(offset: offset, extents: shape.dimensions, strides: newStrides)
  }

  /// Joins neighbouring axes wherever that is possible for all of several stride lists at once, and drops
  /// axes of extent 1. At least one axis remains.
  static func collapsed(extents: [Int], strides: [[Int]]) -> (extents: [Int], strides: [[Int]]) {
    var outExtents: [Int] = []
    var outStrides = [[Int]](repeating: [], count: strides.count)
    for axis in extents.indices where extents[axis] != 1 {
      let joins =
        !outExtents.isEmpty
        && strides.indices.allSatisfy { outStrides[$0][outExtents.count - 1] == strides[$0][axis] * extents[axis] }
      if joins {
        outExtents[outExtents.count - 1] *= extents[axis]
        for list in strides.indices { outStrides[list][outExtents.count - 1] = strides[list][axis] }
      } else {
        outExtents.append(extents[axis])
        for list in strides.indices { outStrides[list].append(strides[list][axis]) }
      }
    }
    if outExtents.isEmpty { return ([1], strides.map { _ in [0] }) }
    return (outExtents, outStrides)
  }
}
