import ApusCompiler
import ApusExpression
import Testing

import ApusOpenCL

/// Row chains on shapes so small that they can be checked access by access.
@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct RowChainTests {
  /// `(x − mean) · scale · column + row`, with the mean stored, from the sum and the largest distance.
  private func kernel(rows: Int, columns: Int) -> RowChainKernel {
    let share = Expression(1 / Double(columns))
    // Inputs: x, a value for each column, one for each row; then the sum, the mean, the largest distance and its share.
    return RowChainKernel(
      rows: rows, columns: columns,
      operands: [
        .init(rowStride: columns + 3, columnStride: 1), .init(rowStride: 0, columnStride: 2),
        .init(rowStride: 1, columnStride: 0),
      ],
      passes: [
        .init(kind: .sum, reductions: [.input(0)], values: [share * .input(3)]),
        .init(kind: .max, reductions: [.abs(.input(0) - .input(4))], values: [1 / (1 + .input(5))]),
      ], storedValues: [1],
      elements: [(.input(0) - .input(4)) * .input(6) * .input(1) + .input(2), .input(0) - .input(4)])
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 2], [3, 1], [5, 7], [4, 16], [7, 33], [2, 300]])
  func rowsAgreeWithDouble(style: OpenCLDevice.Style, shape: [Int]) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let (rows, columns) = (shape[0], shape[1])
    let kernel = kernel(rows: rows, columns: columns)
    let x = numbers(rows * (columns + 3), seed: 11)
    let (weights, offsets) = (numbers(2 * columns, seed: 12), numbers(rows, seed: 13))
    let inputs = try zip([x, weights, offsets], kernel.operands).map { values, operand in
      TensorView(
        try context.buffer(values), shape: [rows, columns], strides: [operand.rowStride, operand.columnStride])
    }
    let means = try context.buffer([Float](repeating: .nan, count: rows))
    let outputs = try (0..<2).map { _ in try context.buffer([Float](repeating: .nan, count: rows * columns)) }
    var builder = ProgramBuilder()
    let planned = try RowChain(kernel, inputs: inputs, outputs: [means] + outputs).plan(device, &builder)
    try context.queue.enqueue(try planned.bind(try builder.build(context)))

    let computed = try [means, outputs[0], outputs[1]].map { try context.readFloats($0) }
    for row in 0..<rows {
      let values = (0..<columns).map { Double(x[row * (columns + 3) + $0]) }
      let mean = values.reduce(0, +) / Double(columns)
      let scale = 1 / (1 + values.reduce(0) { max($0, abs($1 - mean)) })
      #expect(abs(Double(computed[0][row]) - mean) < 1e-6)
      for column in 0..<columns {
        let distance = values[column] - mean
        let expected = distance * scale * Double(weights[2 * column]) + Double(offsets[row])
        #expect(abs(Double(computed[1][row * columns + column]) - expected) < 1e-6)
        #expect(abs(Double(computed[2][row * columns + column]) - distance) < 1e-6)
      }
    }
  }
}
