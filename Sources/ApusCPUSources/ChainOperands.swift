import ApusCPUKernels
import ApusExpression

extension ChainOperand {
  /// The element of a row's first column, counted from `base`.
  @inline(__always)
  func offset(row: Int, _ plan: UnsafePointer<ChainPlan>) -> Int {
    if let indices {
      return min(max(Int(indices[row]), 0), tableRows - 1) * rowStrides[0]
    }
    let axes = plan.pointee.rowAxes
    if axes == 1 { return row * rowStrides[0] }
    var rest = row
    var offset = 0
    var axis = axes - 1
    while axis > 0 {
      let extent = plan.pointee.rowExtents[axis]
      offset += rest % extent * rowStrides[axis]
      rest /= extent
      axis -= 1
    }
    return offset + rest * rowStrides[0]
  }

  /// Where the chunk's elements lie one behind the other as floats; nil where they do not.
  @inline(__always)
  func contiguous(
    _ chunk: ChainChunk, _ area: ChainArea, _ plan: UnsafePointer<ChainPlan>
  ) -> UnsafeMutablePointer<Float>? {
    if isStrip {
      guard chunk.rows == 1 || area.stripStride == chunk.columns, let strip = area.strip else { return nil }
      return strip + (chunk.row - area.firstRow) * area.stripStride + chunk.column - area.firstColumn
    }
    guard element.isFloat else { return nil }
    let floats = base.assumingMemoryBound(to: Float.self)
    if isDense, chunk.rows == 1 || chunk.columns == plan.pointee.columns {
      return floats + chunk.row * plan.pointee.columns + chunk.column
    }
    guard chunk.rows == 1, columnStride == 1 else { return nil }
    return floats + offset(row: chunk.row, plan) + chunk.column
  }

  /// Calls `body` with the place of each row of a chunk: the element of its first column.
  @inline(__always)
  func forEachRow(
    _ chunk: ChainChunk, _ area: ChainArea, _ plan: UnsafePointer<ChainPlan>,
    _ body: (_ row: Int, _ place: UnsafeMutableRawPointer) -> Void
  ) {
    if isStrip {
      guard let strip = area.strip else { return }
      for row in 0..<chunk.rows {
        body(
          row,
          UnsafeMutableRawPointer(
            strip + (chunk.row + row - area.firstRow) * area.stripStride + chunk.column - area.firstColumn))
      }
      return
    }
    let size = element.byteCount
    let start = base + chunk.column * columnStride * size
    if indices != nil || plan.pointee.rowAxes == 1 {
      for row in 0..<chunk.rows { body(row, start + offset(row: chunk.row + row, plan) * size) }
      return
    }
    // Divisions only where the last row axis starts anew.
    let last = plan.pointee.rowAxes - 1
    let extent = plan.pointee.rowExtents[last]
    let stride = rowStrides[last]
    var row = 0
    while row < chunk.rows {
      let run = min(chunk.rows - row, extent - (chunk.row + row) % extent)
      var offset = offset(row: chunk.row + row, plan)
      for _ in 0..<run {
        body(row, start + offset * size)
        offset += stride
        row += 1
      }
    }
  }
}

extension ChainFrame {
  /// Points an input's slot at the chunk's elements, in place where they lie as operations want them, else copied
  /// and converted to scratch.
  ///
  /// - Returns: whether the elements are read where the operand lies in memory.
  @inline(__always)
  func bind(_ index: Int, _ chunk: ChainChunk, _ area: ChainArea) -> Bool {
    let operand = plan.pointee.inputs[index]
    if operand.isScalar || (operand.isPeriodic && repeatsPeriods) { return false }
    if let pointer = operand.contiguous(chunk, area, plan) {
      slots[index] = ChainSlot(pointer: pointer, step: Wide.count)
      return !operand.isStrip
    }
    fill(index, operand, chunk, area)
    return false
  }

  private func fill(_ index: Int, _ operand: ChainOperand, _ chunk: ChainChunk, _ area: ChainArea) {
    if chunk.rows == 1, operand.columnStride == 0 {
      splat(loadFloat(operand.base, operand.offset(row: chunk.row, plan), operand.element), index)
      return
    }
    let target = row(index)
    // What is the same all along a row is kept as one vector for each, where a row has enough to pay for a loop of its own.
    if operand.columnStride == 0, chunk.columns % Wide.count == 0, chunk.columns >= 2 * Wide.count {
      slots[index] = ChainSlot(pointer: target, step: 0, rowStep: Wide.count)
      operand.forEachRow(chunk, area, plan) { row, place in
        Wide(splat: loadFloat(place, 0, operand.element)).store(target + row * Wide.count)
      }
      return
    }
    slots[index] = ChainSlot(pointer: target, step: Wide.count)
    if operand.isDense, chunk.columns == plan.pointee.columns {
      let start = chunk.row * plan.pointee.columns + chunk.column
      gatherFloats(operand.base + start * operand.element.byteCount, operand.element, 1, target, chunk.count)
      return
    }
    operand.forEachRow(chunk, area, plan) { row, place in
      gatherFloats(place, operand.element, operand.columnStride, target + row * chunk.columns, chunk.columns)
    }
  }

  /// Stores a chunk's values where an output lies.
  func store(_ slot: ChainSlot, _ operand: ChainOperand, _ chunk: ChainChunk, _ area: ChainArea) {
    if slot.rowStep == 0, let target = operand.contiguous(chunk, area, plan) {
      guard slot.pointer != target else { return }
      storeFloats(slot, target, chunk.count)
      return
    }
    operand.forEachRow(chunk, area, plan) { row, place in
      let target = place.assumingMemoryBound(to: Float.self)
      let distance = slot.step == 0 ? slot.rowStep : chunk.columns
      let source = ChainSlot(pointer: slot.pointer + row * distance, step: slot.step)
      let stride = operand.columnStride
      if stride == 1 {
        storeFloats(source, target, chunk.columns)
      } else {
        for column in 0..<chunk.columns {
          target[column * stride] = source.pointer[slot.step == 0 ? 0 : column]
        }
      }
    }
  }
}

@inline(__always)
func loadFloat(_ base: UnsafeMutableRawPointer, _ index: Int, _ element: ChainElement) -> Float {
  switch element {
  case .float32: base.assumingMemoryBound(to: Float.self)[index]
  case .int32: Float(base.assumingMemoryBound(to: Int32.self)[index])
  case .uint8: Float(base.assumingMemoryBound(to: UInt8.self)[index])
  }
}

/// Copies floats by whole vectors: up to a vector more is read and written.
@inline(__always)
func copyFloats(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
  var index = 0
  while index < count {
    Wide.load(source + index).store(target + index)
    index += Wide.count
  }
}

/// Copies a row to memory that must not be written past its end.
@inline(__always)
private func storeFloats(_ slot: ChainSlot, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
  var index = 0
  var source = slot.pointer
  while index + Wide.count <= count {
    Wide.load(source).store(target + index)
    source += slot.step
    index += Wide.count
  }
  var lane = 0
  while index < count {
    target[index] = source[lane]
    index += 1
    lane += 1
  }
}

/// Reads `count` elements `stride` apart as floats; up to a vector more is written.
@inline(__always)
private func gatherFloats(
  _ source: UnsafeMutableRawPointer, _ element: ChainElement, _ stride: Int, _ target: UnsafeMutablePointer<Float>,
  _ count: Int
) {
  if stride == 0 {
    let value = Wide(splat: loadFloat(source, 0, element))
    var index = 0
    while index < count {
      value.store(target + index)
      index += Wide.count
    }
    return
  }
  switch element {
  case .float32:
    let floats = source.assumingMemoryBound(to: Float.self)
    if stride == 1 {
      copyFloats(floats, target, count)
    } else {
      for index in 0..<count { target[index] = floats[index * stride] }
    }
  case .int32:
    let words = source.assumingMemoryBound(to: Int32.self)
    if stride == 1 {
      for index in 0..<count { target[index] = Float(words[index]) }
    } else {
      for index in 0..<count { target[index] = Float(words[index * stride]) }
    }
  case .uint8:
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    if stride == 1 {
      for index in 0..<count { target[index] = Float(bytes[index]) }
    } else {
      for index in 0..<count { target[index] = Float(bytes[index * stride]) }
    }
  }
}
