/// Places intermediate values in slabs so that no two that live at the same time overlap.
///
/// Each value takes the smallest free gap that holds it. Placed in the order in which they come to life, values of
/// like sizes follow one another closely; placed from the largest to the smallest, small ones leave no gaps that are
/// too small for large ones. Both are tried, and the plan that needs less is kept.
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
    let sizes = values.map { (max($0.byteCount, 1) + Self.alignment - 1) / Self.alignment * Self.alignment }
    // Ties are in the order of the values, so that the plan is the same everywhere.
    let byBirth = values.indices.sorted { (values[$0].firstUse, $0) < (values[$1].firstUse, $1) }
    let bySize = values.indices.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }
    let placements = [byBirth, bySize].map { Placement(values, sizes, order: $0, maximumSlab: maximumSlab) }
    guard let best = placements.min(by: { $0.size < $1.size }) else { return }
    places = values.indices.compactMap { best.places[$0] }
    slabs = best.slabs
    total = sizes.reduce(0, +)
  }
}

/// Values placed one after the other.
private struct Placement {
  private struct Block {
    let place: MemoryPlan.Place
    let end: Int
    let life: ClosedRange<Int>
  }

  private(set) var places: [Int: MemoryPlan.Place] = [:]
  private(set) var slabs: [Int] = []
  /// By slab, in the order of their starts.
  private var blocks: [[Block]] = []

  /// The memory of all slabs.
  var size: Int { slabs.reduce(0, +) }

  init(_ values: [MemoryPlan.Value], _ sizes: [Int], order: [Int], maximumSlab: Int) {
    for index in order {
      let value = values[index]
      places[index] = place(sizes[index], value.firstUse...max(value.firstUse, value.lastUse), maximumSlab)
    }
  }

  /// Finds a place and takes it.
  private mutating func place(_ size: Int, _ life: ClosedRange<Int>, _ maximumSlab: Int) -> MemoryPlan.Place {
    var best: (place: MemoryPlan.Place, waste: Int)?
    for slab in slabs.indices {
      var start = 0
      for block in blocks[slab] where block.life.overlaps(life) {
        let gap = block.place.offset - start
        if gap >= size, gap - size < best?.waste ?? .max {
          best = (MemoryPlan.Place(slab: slab, offset: start), gap - size)
        }
        start = max(start, block.end)
      }
      // Behind the last block: what the slab already has is a gap; growing it comes after every gap.
      let rest = slabs[slab] - start
      if rest >= size {
        if rest - size < best?.waste ?? .max { best = (MemoryPlan.Place(slab: slab, offset: start), rest - size) }
      } else if best == nil, start + size <= maximumSlab {
        best = (MemoryPlan.Place(slab: slab, offset: start), .max - 1)
      }
    }
    let place = best?.place ?? MemoryPlan.Place(slab: slabs.count, offset: 0)
    if place.slab == slabs.count {
      slabs.append(0)
      blocks.append([])
    }
    slabs[place.slab] = max(slabs[place.slab], place.offset + size)
    let position = blocks[place.slab].firstIndex { $0.place.offset > place.offset } ?? blocks[place.slab].endIndex
    blocks[place.slab].insert(Block(place: place, end: place.offset + size, life: life), at: position)
    return place
  }
}
