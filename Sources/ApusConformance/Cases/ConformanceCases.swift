import ApusExpression
import ApusGraph

extension ConformanceCase {
  /// Every case, by family.
  public static var all: [ConformanceCase] {
    pointwise + matrixProducts + productsWithRowSums + reductions + siblingReductions + rowChains + rows + indexing
      + movement + fusion + networks + convolutions + images + attentions + sparseProducts + windows
  }

  /// Sizes that catch off-by-one errors: one, primes, a vector, one over a tile.
  static let oddSizes = [1, 2, 7, 16, 17, 31, 64, 129, 257, 1031]

  static var pointwise: [ConformanceCase] {
    var cases: [ConformanceCase] = oddSizes.map { size in
      ConformanceCase("add \(size)") { g in [g.input("a", [size]) + g.input("b", [size])] }
    }
    cases += Expression.Unary.allCases.map { function in
      ConformanceCase("\(function.rawValue) over 1031", tolerance: Tolerance.functions) { g in
        // Roots and logarithms of what is positive; every function of its usual range.
        let x = g.input("x", [1031])
        let needsPositive = function == .sqrt || function == .log
        let argument = needsPositive ? ApusGraph.abs(x) + 0.01 : x * 3
        return [ApusGraph.pointwise(argument) { Expression(node: .unary(function, $0[0])) }]
      }
    }
    for (a, b) in [
      ([5, 7], [7]), ([5, 7], [5, 1]), ([5, 7], []), ([3, 1, 5], [4, 1]), ([2, 3, 4, 5], [3, 1, 5]),
      ([1, 129], [17, 1]),
    ]
      as [(Shape, Shape)]
    {
      cases.append(
        ConformanceCase("broadcast \(a) with \(b)") { g in [g.input("a", a) * g.input("b", b) - g.input("c", a)] })
    }
    cases += [
      ConformanceCase("bytes become floats") { g in [g.input("x", [33, 5], .uint8).asFloat() / 255] },
      ConformanceCase("integers become floats") { g in [g.input("x", [33, 5], .int32).asFloat() + 0.5] },
      ConformanceCase("selections and comparisons") { g in
        let (x, y) = (g.input("x", [1031]), g.input("y", [1031]))
        return [
          ApusGraph.pointwise(x, y) { .select(.less($0[0], $0[1]), $0[0] * 2, $0[1]) },
          ApusGraph.pointwise(x, y) { .select(.lessOrEqual($0[0], 0), $0[1], -$0[1]) },
          ApusGraph.pointwise(x, y) { .select(.equal($0[0], 0), 1, $0[1]) },
          ApusGraph.pointwise(x, y) { .max($0[0], $0[1]) }, ApusGraph.pointwise(x, y) { .min($0[0], $0[1]) },
        ]
      },
      ConformanceCase("random numbers", tolerance: 0) { g in
        let (s, t) = (g.makeRandomStream(), g.makeRandomStream())
        let x = g.input("x", [13, 79])
        return [
          ApusGraph.pointwise(x) { $0[0] * 0 + .random(stream: s) },
          ApusGraph.pointwise(x) { .select(.less(.random(stream: t), 0.5), $0[0], 0) },
        ]
      },
      ConformanceCase("random numbers without operands", tolerance: 0) { g in
        let s = g.makeRandomStream()
        return [ApusGraph.pointwise(g.constant(0).broadcast(to: [1031])) { $0[0] + .random(stream: s) }]
      },
      ConformanceCase("constants fill") { g in [g.constant(3).broadcast(to: [5, 7]), g.constant(0)] },
      ConformanceCase("many operands and a long chain", tolerance: Tolerance.sums) { g in
        let inputs = (0..<14).map { g.input("x\($0)", [129]) }
        return [inputs.dropFirst().reduce(inputs[0]) { tanh($0 * 0.5 + $1) }]
      },
    ]
    return cases
  }

  static var indexing: [ConformanceCase] {
    [
      ConformanceCase("gather and scatter rows", tolerance: Tolerance.sums, integerBound: 11) { g in
        let (table, indices) = (g.input("t", [11, 17]), g.input("i", [5, 8], .int32))
        let picked = table.gather(indices)
        let loss = (picked * g.input("w", [5, 8, 17])).sum()
        return [picked, tanh(picked * 2)] + gradient(of: loss, with: [table])
      },
      ConformanceCase("gather bytes as scaled floats", integerBound: 29) { g in
        let (table, indices) = (g.input("t", [29, 784], .uint8), g.input("i", [10], .int32))
        return [table.gather(indices).asFloat() * (1.0 / 255), table.gather(indices)]
      },
      ConformanceCase("gather labels", tolerance: 0, integerBound: 29) { g in
        [g.input("t", [29], .int32).gather(g.input("i", [10], .int32))]
      },
      ConformanceCase("gather rows and normalize by column", tolerance: Tolerance.arithmetic, integerBound: 29) { g in
        let rows = g.input("t", [29, 13]).gather(g.input("i", [10], .int32))
        return [(rows - g.input("mean", [13])) * g.input("scale", [13])]
      },
    ]
  }

  static var movement: [ConformanceCase] {
    [
      ConformanceCase("transpose", tolerance: 0) { g in
        [
          g.input("a", [33, 65]).transposed(), g.input("b", [2, 3, 5, 7]).transposed([3, 1, 0, 2]),
          g.input("c", [17, 3], .int32).transposed(),
        ]
      },
      ConformanceCase("reshape a transposed view", tolerance: 0) { g in
        [g.input("a", [6, 10]).transposed().reshaped(to: [4, -1]), g.input("b", [6, 10]).reshaped(to: [5, 12])]
      },
      ConformanceCase("slice, concatenate and their gradients") { g in
        let (x, y) = (g.input("x", [9, 14]), g.input("y", [9, 5]))
        let part = x.slice(3..<10, axis: 1)
        guard let joined = concatenate([part, y, part], axis: 1) else { return [] }
        let loss = (joined * g.input("w", [9, 19])).sum()
        return [part, joined, x.slice(2..<5)] + gradient(of: loss, with: [x, y])
      },
    ]
  }

  static var fusion: [ConformanceCase] {
    [
      ConformanceCase("bias and activation behind a product", tolerance: Tolerance.sums) { g in
        let y = matrixProduct(g.input("x", [65, 129]), g.parameter("w", [33, 129]), transposingRight: true)
        return [relu(y + g.parameter("b", [33])), sigmoid(y)]
      },
      ConformanceCase("a costly function alone behind a product", tolerance: Tolerance.sums) { g in
        let y = matrixProduct(g.input("x", [20, 65]), g.parameter("w", [33, 65]), transposingRight: true)
        return [tanh(y * 0.1 + g.parameter("b", [33]))]
      },
      ConformanceCase("every kind of extra behind a product", tolerance: Tolerance.sums) { g in
        let y = matrixProduct(g.input("x", [65, 31]), g.input("w", [31, 33]))
        return [
          (y + g.input("row", [33])) * g.input("column", [65, 1]) - g.input("full", [65, 33]) * g.input("scalar", [])
        ]
      },
      ConformanceCase("dropout behind a batched product", tolerance: Tolerance.sums) { g in
        let s = g.makeRandomStream()
        let y = matrixProduct(g.input("x", [3, 17, 8]), g.input("w", [3, 8, 19]))
        return [ApusGraph.pointwise(y) { .select(.less(.random(stream: s), 0.5), $0[0] * 2, 0) }]
      },
      ConformanceCase("bias and activation behind a product of joined rows", tolerance: Tolerance.sums) { g in
        let y = matrixProduct(g.input("x", [3, 17, 8]), g.input("w", [8, 19]))
        return [tanh(y + g.input("b", [19])) + g.input("residual", [3, 17, 19])]
      },
      ConformanceCase("chains behind products that they see under another shape", tolerance: Tolerance.sums) { g in
        // As a linear layer has it: the rows of a sequence are multiplied as one matrix.
        let s = g.makeRandomStream()
        let (x, w) = (g.input("x", [51, 8]), g.input("w", [8, 19]))
        let y = matrixProduct(x, w).reshaped(to: [3, 17, 19])
        let z = matrixProduct(x, w * 2).reshaped(to: [3, 17, 19])
        let u = matrixProduct(x, w * 3).reshaped(to: [3, 17, 19])
        return [
          tanh(y + g.input("b", [19])) * g.input("column", [3, 17, 1]) + g.input("residual", [3, 17, 19]),
          // A row for each position fits no matrix of all rows.
          z + g.input("positions", [17, 19]),
          ApusGraph.pointwise(u) { .select(.less(.random(stream: s), 0.5), $0[0] * 2, 0) },
        ]
      },
      ConformanceCase("a shared value is kept", tolerance: Tolerance.sums) { g in
        let y = tanh(g.input("x", [129]))
        return [y * 2, y.sum(), y]
      },
    ]
  }

  static var networks: [ConformanceCase] {
    [
      ConformanceCase("perceptron forward and backward", tolerance: Tolerance.network) { g in
        let x = g.input("x", [37, 50])
        let labels = g.input("labels", [37], .int32)
        let sizes = [50, 33, 20, 10]
        var y = x
        var parameters: [Tensor] = []
        for layer in 0..<3 {
          let w = g.parameter("layers.\(layer).weight", [sizes[layer + 1], sizes[layer]])
          let b = g.parameter("layers.\(layer).bias", [sizes[layer + 1]])
          parameters += [w, b]
          y = matrixProduct(y, w, transposingRight: true) * 0.2 + b
          if layer < 2 { y = relu(y) }
        }
        let loss = softmaxCrossEntropy(y, labels: labels).mean()
        return [loss] + gradient(of: loss, with: parameters)
      },
      ConformanceCase("activations whose derivatives are stored", tolerance: Tolerance.network) { g in
        let (w, v, u) = (g.parameter("w", [33, 19]), g.parameter("v", [65, 33]), g.parameter("u", [3, 65]))
        let x = matrixProduct(g.input("x", [2, 17, 19]), w, transposingRight: true) * 0.3 + g.parameter("b", [33])
        let y = matrixProduct(ApusGraph.pointwise(x) { $0[0] * .normalCDF($0[0]) }, v, transposingRight: true) * 0.3
        let z = matrixProduct(ApusGraph.pointwise(y) { $0[0] * .sigmoid($0[0]) }, u, transposingRight: true)
        let loss = (z * z).mean()
        return [loss] + gradient(of: loss, with: [w, v, u])
      },
      ConformanceCase("a gate whose gradient is not wanted", tolerance: Tolerance.network) { g in
        let w = g.parameter("w", [19, 9])
        let product = matrixProduct(g.input("x", [7, 9]), w, transposingRight: true)
        let gated = ApusGraph.pointwise(g.input("gate", [7, 19]), product) { $0[0] * .sigmoid($0[0]) * $0[1] }
        return [gated] + gradient(of: (gated * gated).mean(), with: [w])
      },
      ConformanceCase("several chains of one launch", tolerance: Tolerance.functions) { g in
        // One of an odd length, one under broadcasts, one over bytes.
        let (x, row, bytes) = (g.input("x", [33, 31]), g.input("row", [31]), g.input("bytes", [129], .uint8))
        let y = x - row
        let b = ApusGraph.pointwise(bytes) { $0[0] / 255 }
        return [
          exp(y), exp(y) * y, ApusGraph.pointwise(y) { .exp($0[0]) + .sin($0[0]) }, tanh(b) * 2, 1 - tanh(b),
        ]
      },
      ConformanceCase("autoencoder with sigmoid cross-entropy", tolerance: Tolerance.network) { g in
        let x = sigmoid(g.input("x", [19, 40]))
        let (w, v) = (g.parameter("w", [40, 7]), g.parameter("v", [7, 40]))
        let logits = matrixProduct(tanh(matrixProduct(x, w) * 0.3), v)
        let loss = sigmoidCrossEntropy(logits, targets: x).sum() / 19
        return [loss] + gradient(of: loss, with: [w, v])
      },
    ]
  }
}

extension Tensor {
  /// The elements as floats.
  func asFloat() -> Tensor { ApusGraph.pointwise(self) { $0[0] } }
}
