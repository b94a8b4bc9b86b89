import ApusCompiler

/// Where an instruction's operand lies; looked up once, and moved in each step where it moves.
final class OperandAddress {
  /// The operand's first element.
  private(set) var pointer: UnsafeMutableRawPointer
  let slice: BufferSlice
  private let buffer: CPUBuffer

  /// - Throws: `DeviceError` when the stretch is not inside its buffer.
  init(_ slice: BufferSlice, in buffer: CPUBuffer) throws(DeviceError) {
    self.slice = slice
    self.buffer = buffer
    pointer = buffer.start
    if slice.dynamicOffset == nil { try place(at: slice.offset) }
  }

  /// Moves the operand to its place in a step.
  func move(_ arguments: StepArguments) throws(DeviceError) { try place(at: slice.start(arguments)) }

  private func place(at element: Int) throws(DeviceError) {
    let size = slice.elementType.byteCount
    guard element >= 0, (element + slice.count) * size <= buffer.byteCount else {
      throw DeviceError(
        "the buffer \(buffer.label) has \(buffer.byteCount / size) elements, but elements \(element) to "
          + "\(element + slice.count - 1) are used; make it larger or check the step's offsets")
    }
    pointer = buffer.start + element * size
  }
}
