import ApusCPU
import ApusCompiler
import ApusExpression
import ApusGraph
import Testing

/// What the conformance suite leaves open: bits of random numbers, strips, NaN, work shared among threads.
@Suite struct ChainTests {
  private let arguments = StepArguments(seed: 0xDEAD_BEEF_0BAD_CAFE, step: 3)

  private func uniform(_ element: Int, _ stream: UInt32) -> Float {
    Philox(seed: arguments.seed).uniform(element: element, step: arguments.step, stream: stream)
  }

  @Test(arguments: Device.all)
  func randomNumbersAreThoseOfPhilox(device: Device) throws {
    // Chunks of whole rows of 37 elements begin inside the blocks of 64; 200,000 elements are shared among threads.
    for shape in [[1], [63], [65], [100, 37], [200_000]] as [Shape] {
      var stream: UInt32 = 0
      let fixture = try ProgramFixture(device.backend()) { g in
        stream = g.makeRandomStream()
        // The row keeps the axes apart.
        let row = g.input("row", [shape[-1]])
        return [pointwise(g.input("x", shape), row) { $0[0] + $0[1] + .random(stream: stream) }]
      }
      try fixture.run(arguments)
      let expected = (0..<shape.count).map { uniform($0, stream) }
      #expect(try fixture.floats() == expected)
    }
  }

  @Test(arguments: Device.all)
  func randomNumbersInAnEpilogueAreNumberedByTheWholeResult(device: Device) throws {
    var stream: UInt32 = 0
    let fixture = try ProgramFixture(device.backend()) { g in
      stream = g.makeRandomStream()
      let product = matrixProduct(g.input("a", [2, 300, 5]), g.input("b", [2, 5, 270]))
      return [pointwise(product) { $0[0] + .random(stream: stream) }]
    }
    #expect(fixture.program.instructions.count == 1)
    try fixture.run(arguments)
    let expected = (0..<2 * 300 * 270).map { uniform($0, stream) }
    #expect(try fixture.floats() == expected)
  }

  @Test(arguments: Device.all)
  func longChainsAreTheSameOnEveryPath(device: Device) throws {
    // A row, a column and a number broadcast over a result that several threads share, odd rows and columns.
    let (rows, columns) = (1813, 117)
    let fixture = try ProgramFixture(device.backend()) { g in
      let x = g.input("x", [rows, columns]) * g.input("row", [columns]) + g.input("column", [rows, 1])
      return [relu(x) - g.input("number", []), (x + 1).transposed()]
    }
    func value(_ index: Int) -> Float { Float(index % 23) - 11 }
    try fixture.write((0..<rows * columns).map(value), to: "x")
    try fixture.write((0..<columns).map { value($0 * 5) }, to: "row")
    try fixture.write((0..<rows).map { value($0 * 7) }, to: "column")
    try fixture.write([Float(0.5)], to: "number")
    try fixture.run()
    let (first, second) = (try fixture.floats(0), try fixture.floats(1))
    var mistakes = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let x = value(row * columns + column) * value(column * 5) + value(row * 7)
        if first[row * columns + column] != max(x, 0) - 0.5 { mistakes += 1 }
        if second[column * rows + row] != x + 1 { mistakes += 1 }
      }
    }
    #expect(mistakes == 0)
  }

  @Test(arguments: Device.all)
  func bytesAndWordsAreTransposed(device: Device) throws {
    for (rows, columns) in [(1, 7), (16, 16), (67, 131), (700, 301)] {
      let fixture = try ProgramFixture(device.backend()) { g in
        [g.input("x", [rows, columns], .uint8).transposed(), g.input("y", [rows, columns], .int32).transposed()]
      }
      let bytes = (0..<rows * columns).map { UInt8(truncatingIfNeeded: $0 * 7) }
      let words = (0..<rows * columns).map { Int32($0 - 1_000_000_000) }
      try fixture.write(bytes, to: "x")
      try fixture.write(words, to: "y")
      try fixture.run()
      let places = (0..<rows * columns).map { $0 % rows * columns + $0 / rows }
      #expect(try fixture.bytes(0) == places.map { bytes[$0] })
      #expect(try fixture.integers(1) == places.map { words[$0] })
    }
  }

  /// A label that no column has: a loss that shows it, and a gradient that does no harm.
  @Test(arguments: Device.all)
  func aLabelOutsideGivesNoGradient(device: Device) throws {
    let fixture = try ProgramFixture(device.backend()) { g in
      let x = g.input("x", [4, 3])
      let losses = softmaxCrossEntropy(x, labels: g.input("labels", [4], .int32))
      return [losses] + gradient(of: losses.sum(), with: [x])
    }
    try fixture.write([Float](repeating: 1, count: 12), to: "x")
    try fixture.write([0, -1, 3, 2] as [Int32], to: "labels")
    try fixture.run()
    #expect(try fixture.floats(0).map(\.isNaN) == [false, true, true, false])
    let third = Float(1) / 3
    let expected = [third - 1, third, third, 0, 0, 0, 0, 0, 0, third, third, third - 1]
    for (value, expected) in zip(try fixture.floats(1), expected) { #expect(abs(value - expected) < 1e-6) }
  }

  @Test(arguments: Device.all)
  func notANumberIsPassedOn(device: Device) throws {
    for place in [0, 3, 17, 40] {
      let fixture = try ProgramFixture(device.backend()) { g in
        let x = g.input("x", [3, 41])
        let losses = softmaxCrossEntropy(x, labels: g.input("labels", [3], .int32))
        return [relu(x), x.max(over: [1]), x.max(over: [0]), x.sum(), x.argmax(), x.softmax(), losses, x.logSumExp()]
      }
      var x = (0..<3 * 41).map { Float($0 % 41) }
      x[41 + place] = .nan
      try fixture.write(x, to: "x")
      try fixture.run()
      #expect(try fixture.floats(0).map(\.isNaN) == x.map(\.isNaN))
      #expect(try fixture.floats(1).map(\.isNaN) == [false, true, false])
      let columns = (0..<41).map { $0 == place }
      #expect(try fixture.floats(2).map(\.isNaN) == columns)
      #expect(try fixture.floats(3)[0].isNaN)
      #expect(try fixture.integers(4) == [40, Int32(place), 40])
      let rows = (0..<3 * 41).map { $0 / 41 == 1 }
      #expect(try fixture.floats(5).map(\.isNaN) == rows)
      #expect(try fixture.floats(6).map(\.isNaN) == [false, true, false])
      #expect(try fixture.floats(7).map(\.isNaN) == [false, true, false])
    }
  }
}
