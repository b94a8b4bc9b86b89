import ApusCPUKernels
import ApusExpression
import ApusOptimizers
import CPrefetch

/// The compiled loop of an optimizer of the registry.
func updateLoop(_ kind: OptimizerKind) -> UpdateOperands.Loop { kind.accept(MakeLoop()).run }

/// A loop as a visit's result. A bare closure as a generic result would pass through a thunk that all instruction sets
/// share, compiled for whichever of them the linker happened to take it from.
private struct UpdateLoop {
  let run: UpdateOperands.Loop
}

/// Specializes the loop for the optimizer that is visited; a new optimizer needs nothing but its registry row.
private struct MakeLoop: OptimizerVisitor {
  @inline(__always)
  func visit<O: Optimizer>(_ type: O.Type) -> UpdateLoop {
    switch type.stateNames.count {
    case 0: UpdateLoop { updateRange(type, states: 0, $0) }
    case 1: UpdateLoop { updateRange(type, states: 1, $0) }
    case 2: UpdateLoop { updateRange(type, states: 2, $0) }
    default: UpdateLoop { updateRange(type, states: 3, $0) }
    }
  }
}

/// Updates a range: whole vectors in place, and the rest by way of a vector's worth of memory on the stack, so that
/// every element is computed alike.
@inline(__always)
private func updateRange<O: Optimizer>(_ type: O.Type, states: Int, _ operands: UpdateOperands) {
  let uniforms = Uniforms<Wide> { Wide(splat: operands.uniforms[$0]) }
  let scale = Wide(splat: operands.gradientScale)
  let whole = operands.count / Wide.count * Wide.count
  if operands.ahead == 0 {
    updateVectors(type, states: states, operands, whole, uniforms, scale, ahead: nil)
  } else {
    updateVectors(type, states: states, operands, whole, uniforms, scale, ahead: operands.ahead)
  }
  let rest = operands.count - whole
  guard rest > 0 else { return }
  withUnsafeTemporaryAllocation(byteCount: 5 * Wide.count * 4, alignment: 64) { buffer in
    guard let slots = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    func gather(_ slot: Int, _ source: UnsafePointer<Float>) {
      for lane in 0..<Wide.count { slots[slot * Wide.count + lane] = lane < rest ? source[whole + lane] : 0 }
    }
    gather(0, operands.parameters)
    gather(1, operands.gradients)
    if states > 0 { gather(2, operands.states.0) }
    if states > 1 { gather(3, operands.states.1) }
    if states > 2 { gather(4, operands.states.2) }
    updateVector(
      type, states: states, slots, slots + Wide.count, slots + 2 * Wide.count, slots + 3 * Wide.count,
      slots + 4 * Wide.count, uniforms, scale)
    for lane in 0..<rest {
      operands.parameters[whole + lane] = slots[lane]
      if states > 0 { operands.states.0[whole + lane] = slots[2 * Wide.count + lane] }
      if states > 1 { operands.states.1[whole + lane] = slots[3 * Wide.count + lane] }
      if states > 2 { operands.states.2[whole + lane] = slots[4 * Wide.count + lane] }
    }
  }
}

/// Updates the first elements of a range, `count` of them, which make up whole vectors.
///
/// - Parameter ahead: how many elements ahead lines of memory are fetched; nil for not at all.
@inline(__always)
private func updateVectors<O: Optimizer>(
  _ type: O.Type, states: Int, _ operands: UpdateOperands, _ count: Int, _ uniforms: Uniforms<Wide>, _ scale: Wide,
  ahead: Int?
) {
  var index = 0
  while index < count {
    if let ahead {
      apus_prefetch_line(operands.parameters + index + ahead)
      apus_prefetch_line(operands.gradients + index + ahead)
      if states > 0 { apus_prefetch_line(operands.states.0 + index + ahead) }
      if states > 1 { apus_prefetch_line(operands.states.1 + index + ahead) }
      if states > 2 { apus_prefetch_line(operands.states.2 + index + ahead) }
    }
    updateVector(
      type, states: states, operands.parameters + index, operands.gradients + index, operands.states.0 + index,
      operands.states.1 + index, operands.states.2 + index, uniforms, scale)
    index += Wide.count
  }
}

/// Updates one vector of parameters.
@inline(__always)
private func updateVector<O: Optimizer>(
  _ type: O.Type, states: Int, _ parameter: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
  _ state0: UnsafeMutablePointer<Float>, _ state1: UnsafeMutablePointer<Float>, _ state2: UnsafeMutablePointer<Float>,
  _ uniforms: Uniforms<Wide>, _ scale: Wide
) {
  var slots = Slots<Wide>(
    parameter: .load(parameter), gradient: .load(gradient) * scale,
    state0: states > 0 ? .load(state0) : 0, state1: states > 1 ? .load(state1) : 0,
    state2: states > 2 ? .load(state2) : 0)
  O.update(&slots, uniforms)
  slots.parameter.store(parameter)
  if states > 0 { slots.state0.store(state0) }
  if states > 1 { slots.state1.store(state1) }
  if states > 2 { slots.state2.store(state2) }
}
