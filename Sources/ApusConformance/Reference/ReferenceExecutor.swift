import ApusCompiler
import ApusExpression
import ApusGraph

/// Evaluates a graph node by node in double precision: the definition that compilers and backends are tested against.
///
/// Nothing here is fast, shared with the product, or clever.
public struct ReferenceExecutor {
  /// The seed of the random streams.
  public var seed: UInt64 = 0
  /// The step that they are drawn for.
  public var step: UInt32 = 0
  /// The contents of inputs and parameters, row-major, by name.
  public var contents: [String: [Double]] = [:]

  /// An executor with nothing bound.
  public init() {}

  /// The contents of tensors of one graph.
  public func evaluate(_ tensors: [Tensor]) -> [[Double]] {
    guard let graph = tensors.first?.graph else { return [] }
    var values: [[Double]] = []
    for node in graph.nodes {
      values.append(evaluate(node, node.operands.map { (values[$0], graph.nodes[$0].type.shape) }))
    }
    return tensors.map { values[$0.id] }
  }

  private typealias Operand = (values: [Double], shape: Shape)

  private func evaluate(_ node: Graph.Node, _ operands: [Operand]) -> [Double] {
    let shape = node.type.shape
    let positions = Grid(shape.dimensions)
    switch node.operation {
    case .input(let input): return contents[input.name] ?? []
    case .parameter(let leaf): return contents[leaf.name] ?? []
    case .statistic(let leaf): return contents[leaf.name] ?? []
    case .constant(let constant): return [constant.value]
    case .pointwise(let rule):
      let philox = Philox(seed: seed)
      return positions.enumerated().map { element, position in
        rule.expression.evaluate(
          inputs: operands.map { $0.values[broadcastIndex(position, $0.shape)] },
          random: { Double(philox.uniform(element: element, step: step, stream: $0)) })
      }
    case .matrixProduct(let rule):
      let (a, b) = (operands[0], operands[1])
      let k = rule.transposesLeft ? a.shape[-2] : a.shape[-1]
      return positions.map { position in
        let batch = position.dropLast(2)
        let (row, column) = (position[position.count - 2], position[position.count - 1])
        return (0..<k).reduce(0.0) { sum, i in
          let left = Array(batch) + (rule.transposesLeft ? [i, row] : [row, i])
          let right = Array(batch) + (rule.transposesRight ? [column, i] : [i, column])
          return sum + a.values[broadcastIndex(left, a.shape)] * b.values[broadcastIndex(right, b.shape)]
        }
      }
    case .reduction(let rule):
      let source = operands[0]
      var result = [Double](repeating: rule.kind == .sum ? 0 : -.infinity, count: shape.count)
      let kept = Shape((0..<source.shape.rank).map { rule.axes.contains($0) ? 1 : source.shape[$0] })
      for (value, position) in zip(source.values, Grid(source.shape.dimensions)) {
        let index = broadcastIndex(position, kept)
        result[index] = rule.kind == .sum ? result[index] + value : Swift.max(result[index], value)
      }
      return result
    case .argmax:
      return rows(operands[0]).map { row in
        Double(row.indices.dropFirst().reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex)
      }
    case .softmax:
      return rows(operands[0]).flatMap { row in
        let sum = logSumExp(row)
        return row.map { Double.exp($0 - sum) }
      }
    case .logSumExp:
      return rows(operands[0]).map(logSumExp)
    case .softmaxCrossEntropy:
      return zip(rows(operands[0]), operands[1].values).map { logSumExp($0) - $0[$0.startIndex + Int($1)] }
    case .softmaxCrossEntropyGradient:
      return zip(rows(operands[0]), zip(operands[1].values, operands[2].values)).flatMap { row, rest in
        let sum = logSumExp(row)
        return row.indices.map { index in
          (Double.exp(row[index] - sum) - (index - row.startIndex == Int(rest.0) ? 1 : 0)) * rest.1
        }
      }
    case .gather(let rule):
      let row = rule.windowLength ?? operands[0].values.count / operands[0].shape[0]
      let step = rule.windowLength == nil ? row : 1
      let last = operands[0].shape[0] - (rule.windowLength ?? 1)
      return operands[1].values.flatMap { index in
        let nearest = Swift.min(Swift.max(Int(index), 0), last)
        return operands[0].values[nearest * step..<nearest * step + row]
      }
    case .scatterAdd:
      let row = shape.count / shape[0]
      var result = [Double](repeating: 0, count: shape.count)
      for (position, index) in operands[1].values.enumerated() {
        for i in 0..<row { result[Int(index) * row + i] += operands[0].values[position * row + i] }
      }
      return result
    case .standardization(let rule):
      return positions.map { position in
        rule.expression.evaluate(inputs: operands.map { $0.values[broadcastIndex(position, $0.shape)] })
      }
    case .convolution(let rule):
      guard let extents = try? rule.shape(operands.map { TensorType($0.shape) }) else { return [] }
      return ImageReference.convolution(.forward, extents, reader(operands[0]), reader(operands[1]))
    case .convolutionInputGradient(let rule):
      return ImageReference.convolution(.inputGradient, rule.shape, reader(operands[0]), reader(operands[1]))
    case .convolutionWeightGradient(let rule):
      return ImageReference.convolution(.weightGradient, rule.shape, reader(operands[0]), reader(operands[1]))
    case .pool(let rule):
      guard let extents = try? rule.shape(TensorType(operands[0].shape)) else { return [] }
      return ImageReference.pool(extents, reader(operands[0]))
    case .poolGradient(let rule):
      return ImageReference.poolGradient(
        rule.shape, reader(operands[0]), operands.count > 1 ? reader(operands[1]) : nil)
    case .attention(let rule):
      guard let extents = try? rule.shape(TensorType(operands[0].shape)) else { return [] }
      return AttentionReference.attention(extents, reader(operands[0]))
    case .attentionGradient(let rule):
      return AttentionReference.gradient(rule.shape, reader(operands[0]), reader(operands[2]))
    case .sparseRows(let rule):
      let kernel = SparseRowsKernel(
        rows: shape[0], length: rule.length, tableRows: operands[0].shape[0] - 1, entryCount: operands[1].shape[0])
      return SparseReference.rows(
        kernel, reader(operands[0]), reader(operands[1]), reader(operands[2]),
        fill: node.type.elementType == .int32 ? -1 : 0)
    case .sparseProduct, .sparseProductGradient:
      let isGradient = if case .sparseProductGradient = node.operation { true } else { false }
      let kernel = SparseProductKernel(
        rows: operands[0].shape[0], length: operands[0].shape[1],
        tableRows: isGradient ? shape[0] : operands[2].shape[0], columns: shape[1])
      let readers = operands.map(reader)
      return isGradient
        ? SparseReference.gradient(kernel, readers[0], readers[1], readers[2])
        : SparseReference.product(kernel, readers[0], readers[1], readers[2])
    case .augmentation(let rule):
      let kernel = AugmentationKernel(
        images: shape[0], channels: shape[1], height: shape[2], width: shape[3], rule: rule)
      return ImageReference.augmentation(kernel, reader(operands[0]), Philox(seed: seed), step: step)
    case .reshape:
      return operands[0].values
    case .transpose(let rule):
      return positions.map { position in
        var source = position
        for (axis, from) in rule.permutation.enumerated() { source[from] = position[axis] }
        return operands[0].values[broadcastIndex(source, operands[0].shape)]
      }
    case .broadcast:
      return positions.map { operands[0].values[broadcastIndex($0, operands[0].shape)] }
    case .slice(let rule):
      return positions.map { position in
        operands[0].values[broadcastIndex(zip(position, rule.starts).map(+), operands[0].shape)]
      }
    case .pad(let rule):
      var result = [Double](repeating: 0, count: shape.count)
      for (value, position) in zip(operands[0].values, Grid(operands[0].shape.dimensions)) {
        result[broadcastIndex(zip(position, rule.starts).map(+), shape)] = value
      }
      return result
    case .concatenate(let rule):
      var result = [Double](repeating: 0, count: shape.count)
      var start = 0
      for operand in operands {
        for (value, position) in zip(operand.values, Grid(operand.shape.dimensions)) {
          var target = position
          target[rule.axis] += start
          result[broadcastIndex(target, shape)] = value
        }
        start += operand.shape[rule.axis]
      }
      return result
    }
  }

  private func reader(_ operand: Operand) -> (Int) -> Double { { operand.values[$0] } }

  private func rows(_ operand: Operand) -> [ArraySlice<Double>] {
    let columns = operand.shape[-1]
    return stride(from: 0, to: operand.values.count, by: columns).map { operand.values[$0..<$0 + columns] }
  }

  private func logSumExp(_ row: ArraySlice<Double>) -> Double {
    let largest = row.max() ?? 0
    return largest + Double.log(row.reduce(0) { $0 + Double.exp($1 - largest) })
  }

  /// The row-major index in `shape` of a position in a shape that it broadcasts to.
  private func broadcastIndex(_ position: [Int], _ shape: Shape) -> Int {
    let skipped = position.count - shape.rank
    var index = 0
    for axis in 0..<shape.rank { index = index * shape[axis] + (shape[axis] == 1 ? 0 : position[skipped + axis]) }
    return index
  }
}
