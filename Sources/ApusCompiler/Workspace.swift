/// The memory of intermediate values, on one device.
///
/// Programs that never run at the same time may share one: a training step and the evaluation between two steps.
public protocol Workspace: AnyObject {}

/// Pieces of memory that are handed out again to whoever needs no more than they hold.
package struct ReusableMemory<Memory> {
  private var pieces: [(byteCount: Int, memory: Memory)] = []

  package init() {}

  /// The piece of a number, a new one where it would be too small. Those who have the old one keep it alive.
  package mutating func piece<Failure: Error>(
    _ index: Int, byteCount: Int, allocate: (Int) throws(Failure) -> Memory
  ) throws(Failure) -> Memory {
    if index < pieces.count, pieces[index].byteCount >= byteCount { return pieces[index].memory }
    let memory = try allocate(byteCount)
    if index < pieces.count { pieces[index] = (byteCount, memory) } else { pieces.append((byteCount, memory)) }
    return memory
  }
}
