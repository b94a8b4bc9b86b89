/// Places intermediate values in slabs so that no two that live at the same time overlap.
///
/// Values are placed in the order in which they come to life, each in the smallest free gap that takes it.
/// Starts are multiples of 512 bytes.
package struct MemoryPlan {
  /// One value's size and life, from the launch that writes it to the last that reads it.
  package struct Value {
    package let byteCount: Int
    package let firstUse: Int
    package var lastUse: Int

    package init(byteCount: Int, firstUse: Int, lastUse: Int) {
      self.byteCount = byteCount
      self.firstUse = firstUse
      self.lastUse = lastUse
    }
  }

  /// Where a value was placed.
  package struct Place: Hashable {
    package let slab: Int
    package let offset: Int
  }

  static let alignment = 512

  /// One place per value.
  package private(set) var places: [Place] = []

  /// Each slab's size in bytes.
  package private(set) var slabs: [Int] = []

  /// The sum of all sizes, as if nothing were reused.
  package private(set) var total = 0

  /// - Parameter maximumSlab: the largest slab in bytes; a value larger than it is given a slab of its own, which
  ///   the device will then refuse by name.
  package init(_ values: [Value], maximumSlab: Int) {
    struct Block {
      let place: Place
      let end: Int
      let lastUse: Int
    }
    var live: [Block] = []
    for value in values {
      let size = (max(value.byteCount, 1) + Self.alignment - 1) / Self.alignment * Self.alignment
      total += size
      live.removeAll { $0.lastUse < value.firstUse }

      var best: (place: Place, waste: Int)?
      for slab in slabs.indices {
        var start = 0
        let blocks = live.filter { $0.place.slab == slab }.sorted { $0.place.offset < $1.place.offset }
        for block in blocks {
          let gap = block.place.offset - start
          if gap >= size, gap - size < best?.waste ?? .max {
            best = (Place(slab: slab, offset: start), gap - size)
          }
          start = max(start, block.end)
        }
        // Behind the last block: what the slab already has is a gap; growing it counts as no gap at all.
        let rest = slabs[slab] - start
        if rest >= size {
          if rest - size < best?.waste ?? .max { best = (Place(slab: slab, offset: start), rest - size) }
        } else if best == nil, start + size <= maximumSlab {
          best = (Place(slab: slab, offset: start), .max - 1)
        }
      }
      let place = best?.place ?? Place(slab: slabs.count, offset: 0)
      if place.slab == slabs.count { slabs.append(0) }
      slabs[place.slab] = max(slabs[place.slab], place.offset + size)
      live.append(Block(place: place, end: place.offset + size, lastUse: value.lastUse))
      places.append(place)
    }
  }
}
