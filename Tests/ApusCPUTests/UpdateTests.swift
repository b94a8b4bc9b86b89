import ApusCPU
import ApusCPUKernels
import ApusExpression
import ApusOptimizers
import Testing

@Suite struct UpdateTests {
  /// Applies an optimizer's formula in double precision to every element.
  struct Reference: OptimizerVisitor {
    var values: [[Double]]
    let uniforms: Uniforms<Double>
    let scale: Double

    func visit<O: Optimizer>(_ type: O.Type) -> [[Double]] {
      var result = values
      for i in values[0].indices {
        var slots = Slots<Double>(
          parameter: values[0][i], gradient: values[1][i] * scale, state0: values[2][i], state1: values[3][i],
          state2: values[4][i])
        O.update(&slots, uniforms)
        for (slot, value) in [(0, slots.parameter), (2, slots.state0), (3, slots.state1), (4, slots.state2)] {
          if slot < 2 + O.stateNames.count { result[slot][i] = value }
        }
      }
      return result
    }
  }

  @Test(arguments: OptimizerKind.allCases, KernelTable.available.map { Device(kernels: $0, threadCount: 1) })
  func appliesTheFormula(kind: OptimizerKind, device: Device) throws {
    let optimizer = try kind.make()
    // The last ones with lines fetched ahead.
    for (count, ahead) in [(1, 0), (15, 0), (16, 0), (17, 0), (1031, 0), (1031, 64), (1031, 1024), (5, 1024)] {
      let random = Philox(seed: 9)
      // Second moments and maxima are not negative.
      var arenas: [[Float]] = (0..<5).map { slot in
        (0..<count).map { element in
          let value = random.uniform(element: element, step: 0, stream: UInt32(slot))
          return slot < 2 ? value * 2 - 1 : value + 0.01
        }
      }
      let scale: Float = 0.75
      let uniforms = optimizer.uniforms(step: 3, learningRate: 0.01, initialLearningRate: 0.02)
      let single = uniforms.values.map { Float($0) }
      let expected = kind.accept(
        Reference(
          values: arenas.map { $0.map(Double.init) }, uniforms: Uniforms { Double(single[$0]) }, scale: Double(scale)))
      let before = arenas
      let loop = device.kernels.updateLoop(kind)
      single.withUnsafeBufferPointer { uniforms in
        var pointers: [UnsafeMutablePointer<Float>] = []
        for i in 0..<5 {
          let pointer = UnsafeMutablePointer<Float>.allocate(capacity: count + 1)
          pointer.initialize(from: arenas[i] + [77], count: count + 1)
          pointers.append(pointer)
        }
        guard let uniforms = uniforms.baseAddress else { return }
        let operands = UpdateOperands(
          parameters: pointers[0], gradients: UnsafePointer(pointers[1]),
          states: (pointers[2], pointers[3], pointers[4]), count: count, ahead: ahead, gradientScale: scale,
          uniforms: uniforms)
        loop(operands)
        for i in 0..<5 {
          arenas[i] = (0..<count).map { pointers[i][$0] }
          #expect(pointers[i][count] == 77)
          pointers[i].deallocate()
        }
      }
      for slot in 0..<5 {
        for i in 0..<count {
          let (actual, wanted) = (Double(arenas[slot][i]), expected[slot][i])
          let tolerance = 4e-6 * Swift.max(1, wanted.magnitude)
          if (actual - wanted).magnitude > tolerance {
            Issue.record("\(kind) of \(count): slot \(slot) element \(i) is \(actual) instead of \(wanted)")
            return
          }
        }
      }
      #expect(arenas[0] != before[0])
      #expect(arenas[1] == before[1])
    }
  }

  @Test(arguments: KernelTable.available.map { Device(kernels: $0, threadCount: 1) })
  func doesNotDependOnThePositionOfAnElement(device: Device) {
    // The same element in the body of the loop and in its rest.
    func update(at position: Int, of count: Int) -> [Float] {
      var arenas = (0..<5).map { slot in [Float](repeating: 0.1 + 0.3 * Float(slot), count: count) }
      let uniforms: [Float] = [0.01, 0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 1.3, 0.01, 0.2, 0.01, 1]
      let pointers = arenas.map { arena in
        let pointer = UnsafeMutablePointer<Float>.allocate(capacity: count)
        pointer.initialize(from: arena, count: count)
        return pointer
      }
      uniforms.withUnsafeBufferPointer { uniforms in
        guard let uniforms = uniforms.baseAddress else { return }
        device.kernels.updateLoop(.amsbound)(
          UpdateOperands(
            parameters: pointers[0], gradients: UnsafePointer(pointers[1]),
            states: (pointers[2], pointers[3], pointers[4]), count: count, ahead: 0, gradientScale: 1,
            uniforms: uniforms))
      }
      arenas = pointers.map { [$0[position]] }
      for pointer in pointers { pointer.deallocate() }
      return arenas.flatMap { $0 }
    }
    #expect(update(at: 0, of: 16) == update(at: 16, of: 17))
    #expect(update(at: 3, of: 64) == update(at: 2, of: 3))
  }
}
