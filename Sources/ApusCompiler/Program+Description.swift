import ApusGraph

extension Program: CustomStringConvertible {
  /// The plan as `--plan` prints it: one line a launch, then the memory.
  public var description: String {
    var lines = instructions.enumerated().map { position, instruction in
      let inputs = instruction.inputs.map(describe).joined(separator: ", ")
      let outputs = instruction.outputs.map(describe).joined(separator: ", ")
      return "\(position)  \(instruction.label): \(inputs) → \(outputs)"
    }
    lines.append(
      "intermediate values: \(workspaces.reduce(0, +)) bytes at the peak, \(workspaceWithoutReuse) without reuse")
    for buffer in buffers {
      lines.append("\(buffer.name): \(buffer.count) × \(buffer.elementType.rawValue)")
    }
    return lines.joined(separator: "\n")
  }

  private func describe(_ slice: BufferSlice) -> String {
    let moving = slice.dynamicOffset.map { " + \(offsetNames[$0.slot]) · \($0.stride)" } ?? ""
    switch slice.location {
    case .workspace(let slab): return "workspace\(workspaces.count > 1 ? "\(slab)" : "")[\(slice.offset)\(moving)]"
    case .buffer(let position): return "\(buffers[position].name)[\(slice.offset)\(moving)]"
    }
  }

  /// The bytes of the intermediate values at their peak.
  public var peakWorkspace: Int { workspaces.reduce(0, +) }
}
