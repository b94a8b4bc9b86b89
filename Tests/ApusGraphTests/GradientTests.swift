import ApusExpression
import ApusTestSupport
import Testing

import ApusGraph

/// Reverse mode against central differences in double precision.
@Suite struct GradientTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let shapes: [Shape]
    let build: @Sendable ([Tensor]) -> Tensor
  }

  static let cases: [Case] = [
    Case(description: "broadcast sums", shapes: [[3, 4], [4], [3, 1], []]) { $0[0] * $0[1] + $0[2] / ($0[3] + 3) },
    Case(description: "functions", shapes: [[7]]) {
      tanh($0[0]) * sigmoid($0[0]) + exp($0[0]) * sqrt($0[0] * $0[0] + 1)
    },
    Case(description: "logarithm and quotient", shapes: [[5], [5]]) { log($0[0] * $0[0] + 1) / ($0[1] * $0[1] + 2) },
    Case(description: "product", shapes: [[3, 4], [4, 5]]) { matrixProduct($0[0], $0[1]) },
    Case(description: "product, left transposed", shapes: [[4, 3], [4, 5]]) {
      matrixProduct($0[0], $0[1], transposingLeft: true)
    },
    Case(description: "product, right transposed", shapes: [[3, 4], [5, 4]]) {
      matrixProduct($0[0], $0[1], transposingRight: true)
    },
    Case(description: "product, both transposed", shapes: [[4, 3], [5, 4]]) {
      matrixProduct($0[0], $0[1], transposingLeft: true, transposingRight: true)
    },
    Case(description: "batched product with broadcasting", shapes: [[2, 3, 4], [1, 4, 2]]) {
      matrixProduct($0[0], $0[1])
    },
    Case(description: "sum and mean", shapes: [[2, 3, 4]]) { $0[0].sum(over: [1]) * $0[0].mean(over: [1]) },
    Case(description: "maximum", shapes: [[3, 5]]) { $0[0].max(over: [1]) },
    Case(description: "softmax", shapes: [[3, 5]]) { $0[0].softmax() },
    Case(description: "softmax over the first axis", shapes: [[3, 5]]) { $0[0].softmax(axis: 0) },
    Case(description: "log-softmax", shapes: [[3, 5]]) { $0[0].logSoftmax() },
    Case(description: "log-sum-exp", shapes: [[3, 5]]) { $0[0].logSumExp() },
    Case(description: "cross-entropy", shapes: [[3, 5]]) {
      softmaxCrossEntropy($0[0], labels: $0[0].graph.input("labels", [3], .int32))
    },
    Case(description: "sigmoid cross-entropy", shapes: [[4], [4]]) { sigmoidCrossEntropy($0[0], targets: $0[1]) },
    Case(description: "squared error", shapes: [[4], [4]]) { squaredError($0[0], $0[1]) },
    Case(description: "gather", shapes: [[5, 3]]) { $0[0].gather($0[0].graph.input("labels", [3], .int32)) },
    Case(description: "movements", shapes: [[2, 3, 4]]) {
      $0[0].transposed([2, 0, 1]).reshaped(to: [4, 6]).slice(1..<3).transposed()
    },
    Case(description: "convolution", shapes: [[2, 4, 5, 6], [6, 2, 3, 2]]) {
      convolution($0[0], $0[1], strides: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2)
    },
    Case(description: "transposed convolution", shapes: [[2, 4, 3, 4], [4, 3, 3, 2]]) {
      transposedConvolution($0[0], $0[1], strides: [2, 3], padding: [1, 0], outputPadding: [1, 2])
    },
    Case(description: "a convolution's gradients", shapes: [[1, 2, 4, 5], [3, 2, 3, 3]]) {
      let y = convolution($0[0], $0[1], padding: [1, 0])
      let first = gradient(of: (y * y).sum(), with: $0)
      return first[0].sum() + first[1].sum() * first[1].sum()
    },
    Case(description: "pooling", shapes: [[2, 2, 5, 7]]) {
      $0[0].maxPool(size: [3, 2], strides: [2, 2], padding: [1, 0])
        * $0[0].averagePool(size: [3, 2], strides: [2, 2], padding: [1, 0])
        + $0[0].averagePool(size: [3, 2], strides: [2, 2], padding: [1, 0], countsPadding: false)
    },
    Case(description: "standardization", shapes: [[3, 4, 5]]) {
      $0[0].standardized(over: [0, 2], epsilon: 0.1).standardized
    },
    Case(description: "standardization without centring", shapes: [[3, 5]]) {
      $0[0].standardized(over: [-1], epsilon: 0.1, centering: false).standardized
    },
    Case(description: "standardization, weighted by channel", shapes: [[3, 4, 5], [4, 1], [4, 1]]) {
      $0[0].standardized(over: [0, 2], epsilon: 0.1, weight: $0[1], bias: $0[2]).standardized
    },
    Case(description: "standardization, weighted along its axis", shapes: [[3, 5], [5], [1]]) {
      $0[0].standardized(over: [-1], epsilon: 0.1, weight: $0[1], bias: $0[2]).standardized
    },
    Case(description: "standardization without centring, weighted by row", shapes: [[3, 5], [3, 1]]) {
      $0[0].standardized(over: [-1], epsilon: 0.1, centering: false, weight: $0[1]).standardized
    },
    Case(description: "standardization with one bias for all", shapes: [[3, 4, 5], [1]]) {
      $0[0].standardized(over: [0, 2], epsilon: 0.1, bias: $0[1]).standardized
    },
    Case(description: "attention", shapes: [[2, 5, 3, 2, 3]]) { attention($0[0], isCausal: false) },
    Case(description: "causal attention", shapes: [[1, 5, 3, 2, 4]]) { attention($0[0], isCausal: true) },
    Case(description: "sparse product", shapes: [[3, 1], [5, 2]]) {
      sparseProduct(
        columns: $0[0].graph.input("labels", [3], .int32).reshaped(to: [3, 1]), values: $0[0], table: $0[1])
    },
    Case(description: "a weight that is used many times", shapes: [[2, 3], [3, 3]]) {
      (0..<4).reduce($0[0]) { [w = $0[1]] h, _ in tanh(matrixProduct(h, w)) }
    },
    Case(description: "concatenation", shapes: [[2, 3], [2, 2]]) {
      concatenate([$0[0], $0[1], $0[0]], axis: 1) ?? $0[0]
    },
  ]

  @Test(arguments: cases)
  func agreesWithDifferences(test: Case) throws {
    let graph = Graph()
    let inputs = test.shapes.enumerated().map { graph.input("x\($0)", $1) }
    let result = test.build(inputs)
    // Different weights on each element, so that a permuted gradient shows.
    let weights = graph.input("weights", result.shape)
    let loss = (result * weights).sum()
    let gradients = gradient(of: loss, with: inputs)
    try graph.validate()

    var executor = ReferenceExecutor()
    var values = ConformanceValues()
    for input in inputs + [weights] {
      guard case .input(let leaf) = input.node.operation else { continue }
      executor.contents[leaf.name] = values.draw(leaf.type, below: 1)
    }
    executor.contents["labels"] = [1, 4, 1]
    let computed = executor.evaluate(gradients)
    for (index, input) in inputs.enumerated() {
      #expect(gradients[index].shape == input.shape)
      for element in 0..<input.shape.count {
        let step = 1e-5
        let losses = [step, -step].map { change -> Double in
          var moved = executor
          moved.contents["x\(index)"]?[element] += change
          return moved.evaluate([loss])[0][0]
        }
        let difference = (losses[0] - losses[1]) / (2 * step)
        #expect((computed[index][element] - difference).magnitude <= 1e-6 * max(1, difference.magnitude))
      }
    }
  }

  @Test func tiesOfAMaximumShareTheGradient() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    var executor = ReferenceExecutor()
    executor.contents["x"] = [1, 3, 3, 2]
    #expect(executor.evaluate(gradient(of: x.max(), with: [x])) == [[0, 0.5, 0.5, 0]])
  }

  @Test func sigmoidCrossEntropyIsSmoothAtZero() {
    let graph = Graph()
    let (x, z) = (graph.input("x", [1]), graph.input("z", [1]))
    var executor = ReferenceExecutor()
    executor.contents = ["x": [0], "z": [0.2]]
    #expect(executor.evaluate(gradient(of: sigmoidCrossEntropy(x, targets: z).sum(), with: [x])) == [[0.5 - 0.2]])
  }

  @Test func whatTheLossDoesNotDependOnGetsZeros() {
    let graph = Graph()
    let (x, y) = (graph.input("x", [2]), graph.input("y", [3]))
    var executor = ReferenceExecutor()
    executor.contents = ["x": [1, 2], "y": [1, 2, 3]]
    #expect(executor.evaluate(gradient(of: x.sum(), with: [x, y])) == [[1, 1], [0, 0, 0]])
  }

  @Test func aRectifierIsDifferentiatedFromItsResult() {
    let graph = Graph()
    let x = graph.input("x", [4])
    let y = relu(x + 1)
    let backward = gradient(of: (y * y).sum(), with: [x])[0]
    // Only the rectified values may be needed: the sum x + 1 must not be an operand of the backward pass.
    let sum = y.node.operands[0]
    #expect(!graph.nodes[(y.id + 1)...].contains { $0.operands.contains(sum) })
    #expect(backward.shape == [4])
  }
}
