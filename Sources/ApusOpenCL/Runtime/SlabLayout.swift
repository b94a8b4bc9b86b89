/// Places pieces of memory into slabs that are no larger than a device's largest single buffer.
///
/// A piece never crosses from one slab into the next. Planning needs no device; `allocate` turns the plan into memory.
package struct SlabLayout: Sendable {
  /// Where a piece lies.
  package struct Place: Sendable, Hashable {
    package let slab: Int
    /// In bytes, a multiple of `SlabLayout.alignment`.
    package let offset: Int
    /// In bytes.
    package let size: Int
  }

  /// Every piece starts at a multiple of this many bytes, as wide loads and every device's own rules like it.
  package static let alignment = 512

  /// The largest slab, in bytes.
  package let limit: Int
  /// The size of each slab so far, in bytes.
  package private(set) var slabs: [Int] = []

  package init(limit: Int) { self.limit = limit / SlabLayout.alignment * SlabLayout.alignment }

  /// Reserves a piece in the first slab with room for it.
  ///
  /// - Throws: `outOfMemory` when the piece is larger than a slab can be.
  package mutating func reserve(_ size: Int) throws(OpenCLError) -> Place {
    let alignment = SlabLayout.alignment
    guard size <= limit else {
      throw OpenCLError.outOfMemory(
        requested: size, limit: limit, "one tensor is larger than the device's largest buffer; use a smaller batch.")
    }
    let padded = max(size + alignment - 1, alignment) / alignment * alignment
    for slab in slabs.indices where slabs[slab] + padded <= limit {
      defer { slabs[slab] += padded }
      return Place(slab: slab, offset: slabs[slab], size: size)
    }
    slabs.append(padded)
    return Place(slab: slabs.count - 1, offset: 0, size: size)
  }

  /// The slabs themselves.
  package func allocate(_ context: OpenCLContext) throws(OpenCLError) -> [OpenCLBuffer] {
    let total = slabs.reduce(0, +)
    guard total <= context.device.globalMemory else {
      throw OpenCLError.outOfMemory(
        requested: total, limit: context.device.globalMemory, "use a smaller batch or model on this device.")
    }
    var buffers: [OpenCLBuffer] = []
    for size in slabs { buffers.append(try OpenCLBuffer(context, size: size)) }
    return buffers
  }
}

extension SlabLayout.Place {
  /// The piece as memory of the allocated slabs.
  package func range(in slabs: [OpenCLBuffer]) -> MemoryRange {
    MemoryRange(slabs[slab], offset: offset, size: size)
  }
}
