extension Tensor {
  /// The same elements in row-major order under another shape; one extent may be −1, to be worked out.
  public func reshaped(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var dimensions = shape.dimensions
    if let open = dimensions.firstIndex(of: -1) {
      let known = dimensions.enumerated().reduce(1) { $1.offset == open ? $0 : $0 * $1.element }
      if known > 0 { dimensions[open] = self.shape.count / known }
    }
    return reshaped(to: Shape(dimensions), at: SourceLocation(file: file, line: line))
  }

  func reshaped(to shape: Shape, at location: SourceLocation) -> Tensor {
    shape == self.shape ? self : apply(.reshape(Reshape(shape: shape)), at: location)
  }

  /// The axes in another order: axis `i` of the result is axis `permutation[i]` of this tensor.
  public func transposed(_ permutation: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    apply(
      .transpose(Transpose(permutation: permutation.map(normalized(axis:)))),
      at: SourceLocation(file: file, line: line))
  }

  /// The last two axes exchanged.
  public func transposed(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var permutation = Array(0..<shape.rank)
    if shape.rank >= 2 { permutation.swapAt(shape.rank - 1, shape.rank - 2) }
    return apply(.transpose(Transpose(permutation: permutation)), at: SourceLocation(file: file, line: line))
  }

  /// This tensor repeated to a larger shape by NumPy's rule.
  public func broadcast(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    broadcast(to: shape, at: SourceLocation(file: file, line: line))
  }

  func broadcast(to shape: Shape, at location: SourceLocation) -> Tensor {
    shape == self.shape ? self : apply(.broadcast(Broadcast(shape: shape)), at: location)
  }

  /// The positions `range` along one axis, everything along the others.
  public func slice(
    _ range: Range<Int>, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let location = SourceLocation(file: file, line: line)
    let axis = normalized(axis: axis)
    var starts = [Int](repeating: 0, count: shape.rank)
    var dimensions = shape.dimensions
    guard dimensions.indices.contains(axis) else {
      graph.report("slice: \(shape) has no axis \(axis)", at: location)
      return self
    }
    starts[axis] = range.lowerBound
    dimensions[axis] = range.count
    return apply(.slice(Slice(starts: starts, shape: Shape(dimensions))), at: location)
  }

  func movingAxisLast(_ axis: Int, at location: SourceLocation) -> Tensor {
    let axis = normalized(axis: axis)
    if axis == shape.rank - 1 { return self }
    var permutation = Array(0..<shape.rank)
    guard permutation.indices.contains(axis) else {
      graph.report("\(shape) has no axis \(axis)", at: location)
      return self
    }
    permutation.append(permutation.remove(at: axis))
    return apply(.transpose(Transpose(permutation: permutation)), at: location)
  }

  func movingLastAxis(to axis: Int, at location: SourceLocation) -> Tensor {
    let axis = normalized(axis: axis)
    if axis == shape.rank - 1 || !(0..<shape.rank).contains(axis) { return self }
    var permutation = Array(0..<shape.rank - 1)
    permutation.insert(shape.rank - 1, at: axis)
    return apply(.transpose(Transpose(permutation: permutation)), at: location)
  }
}

/// Tensors joined along an axis; they agree in every other extent.
public func concatenate(
  _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor? {
  guard let first = tensors.first else { return nil }
  return first.graph.add(
    .concatenate(Concatenate(axis: first.normalized(axis: axis))), tensors,
    at: SourceLocation(file: file, line: line))
}
