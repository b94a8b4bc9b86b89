/// The type of an element in device memory.
package enum ElementType: String, Sendable, Hashable {
  case float32, int32, uint8

  /// In bytes.
  package var size: Int { self == .uint8 ? 1 : 4 }

  /// The name in OpenCL C.
  var openCL: String {
    switch self {
    case .float32: "float"
    case .int32: "int"
    case .uint8: "uchar"
    }
  }
}

/// Device memory seen as a tensor.
package struct TensorView {
  /// From the view's first element on.
  package var memory: MemoryRange
  package var element: ElementType
  package var shape: [Int]
  /// In elements; 0 where the dimension is broadcast.
  package var strides: [Int]

  package init(_ memory: MemoryRange, _ element: ElementType = .float32, shape: [Int], strides: [Int]? = nil) {
    self.memory = memory
    self.element = element
    self.shape = shape
    self.strides = strides ?? TensorView.rowMajorStrides(shape)
  }

  /// The number of elements, repeated ones counted.
  package var count: Int { shape.reduce(1, *) }

  /// The memory as a kernel's argument.
  var argument: KernelArgument { .memory(memory, stride: element.size) }

  /// The strides of a tensor without gaps whose last dimension is contiguous.
  package static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.reversed().dropFirst() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }
}

/// The fewest dimensions in which several views of one shape can be walked together.
struct CollapsedShape: Equatable {
  /// At least one dimension, none of size 1 unless it is the only one.
  private(set) var shape: [Int] = []
  /// Of each view, as many as dimensions.
  private(set) var strides: [[Int]]

  /// Drops dimensions of size 1 and merges neighbours that every view walks without a step between them.
  init(_ shape: [Int], _ views: [[Int]]) {
    strides = views.map { _ in [] }
    for axis in shape.indices where shape[axis] != 1 {
      if let last = self.shape.last,
        views.indices.allSatisfy({ strides[$0][strides[$0].count - 1] == views[$0][axis] * shape[axis] })
      {
        self.shape[self.shape.count - 1] = last * shape[axis]
        for view in views.indices { strides[view][strides[view].count - 1] = views[view][axis] }
      } else {
        self.shape.append(shape[axis])
        for view in views.indices { strides[view].append(views[view][axis]) }
      }
    }
    if self.shape.isEmpty {
      self.shape = [1]
      strides = views.map { _ in [1] }
    }
  }

  var columns: Int { shape[shape.count - 1] }
  var rows: Int { shape.dropLast().reduce(1, *) }
  var outer: ArraySlice<Int> { shape.dropLast() }
}
