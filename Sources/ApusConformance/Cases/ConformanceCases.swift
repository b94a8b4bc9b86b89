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

  static var matrixProducts: [ConformanceCase] {
    let sizes = [
      (1, 1, 1), (1, 10, 784), (7, 5, 3), (12, 32, 64), (13, 33, 65), (64, 64, 64), (65, 67, 129), (100, 10, 200),
      (200, 784, 100), (129, 257, 31), (1, 257, 129), (257, 1, 129), (5, 7, 1031), (128, 128, 16), (1, 1, 4099),
    ]
    var cases: [ConformanceCase] = []
    for (m, n, k) in sizes {
      for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
        cases.append(
          ConformanceCase(
            "product \(m)×\(n)×\(k)\(left ? ", left transposed" : "")\(right ? ", right transposed" : "")",
            tolerance: Tolerance.sums
          ) { g in
            let a = g.input("a", left ? [k, m] : [m, k])
            let b = g.input("b", right ? [n, k] : [k, n])
            return [matrixProduct(a, b, transposingLeft: left, transposingRight: right)]
          })
      }
    }
    let batches: [(Shape, Shape)] = [
      ([3, 5, 7], [3, 7, 4]), ([3, 5, 7], [7, 4]), ([5, 7], [3, 7, 4]), ([2, 3, 17, 8], [2, 1, 8, 33]),
      ([4, 1, 7], [4, 7, 1]),
    ]
    cases += batches.map { a, b in
      ConformanceCase("batched product \(a) by \(b)", tolerance: Tolerance.sums) { g in
        [matrixProduct(g.input("a", a), g.input("b", b))]
      }
    }
    cases.append(
      ConformanceCase("outer products of vectors with gaps") { g in
        let x = g.input("x", [5, 17, 1]).transposed([1, 0, 2])
        let y = g.input("y", [33, 17, 1]).transposed([1, 0, 2])
        return [matrixProduct(x, y, transposingRight: true), matrixProduct(y, x, transposingRight: true)]
      })
    cases.append(
      ConformanceCase("product of views of heads", tolerance: Tolerance.sums) { g in
        let q = g.input("q", [2, 9, 3, 8]).transposed([0, 2, 1, 3])
        let k = g.input("k", [2, 9, 3, 8]).transposed([0, 2, 1, 3])
        let scores = matrixProduct(q, k, transposingRight: true)
        let values = matrixProduct(scores.softmax(), g.input("v", [2, 9, 3, 8]).transposed([0, 2, 1, 3]))
        return [scores, values.transposed([0, 2, 1, 3]).reshaped(to: [2, 9, 24])]
      })
    return cases
  }

  /// The gradients of a linear layer's weights and bias, which may be one launch; over sums so long that they are cut too.
  static var productsWithRowSums: [ConformanceCase] {
    let sizes: [(rows: Shape, inputs: Int, outputs: Int)] = [
      ([1], 1, 1), ([3], 1, 7), ([3], 7, 1), ([17], 33, 13), ([100], 784, 200), ([100], 200, 10), ([67], 100, 513),
      ([513], 300, 257), ([389], 65, 131), ([2500], 97, 130), ([4099], 7, 5), ([5, 13], 33, 65),
    ]
    return sizes.map { rows, inputs, outputs in
      ConformanceCase(
        "gradients of \(inputs)×\(outputs) weights and a bias over \(rows)", tolerance: Tolerance.sums
      ) { g in
        let x = g.input("x", Shape(rows.dimensions + [inputs])).reshaped(to: [rows.count, inputs])
        let upstream = ApusGraph.tanh(g.input("upstream", Shape(rows.dimensions + [outputs])))
        let weights = matrixProduct(upstream.reshaped(to: [rows.count, outputs]), x, transposingLeft: true)
        return [weights, upstream.sum(over: Array(0..<rows.rank))]
      }
    }
  }

  static var reductions: [ConformanceCase] {
    var cases: [ConformanceCase] = []
    let shapes: [(Shape, [[Int]])] = [
      ([1], [[0]]), ([1031], [[0]]), ([17, 31], [[0], [1], [0, 1]]), ([100, 200], [[0], [1]]),
      ([3, 5, 7], [[0], [1], [2], [0, 2], [0, 1], [1, 2]]), ([4, 3, 5, 6], [[1, 3], [0, 2], [0, 2, 3]]),
      ([1, 4099], [[0], [1]]), ([4099, 3], [[0], [1]]),
    ]
    for (shape, lists) in shapes {
      for axes in lists {
        cases.append(
          ConformanceCase("sum, max and mean of \(shape) over \(axes)", tolerance: Tolerance.sums) { g in
            let x = g.input("x", shape)
            return [
              x.sum(over: axes), x.max(over: axes), x.mean(over: axes, keepingAxes: true),
              ApusGraph.pointwise(x, g.input("y", shape)) { $0[0] * $0[1] }.sum(over: axes),
            ]
          })
      }
    }
    cases += [
      ConformanceCase("sum of a transposed view", tolerance: Tolerance.sums) { g in
        [g.input("x", [17, 31, 5]).transposed([2, 0, 1]).sum(over: [1])]
      },
      ConformanceCase("sum of a product with a broadcast row", tolerance: Tolerance.sums) { g in
        [(g.input("x", [65, 33]) * g.input("y", [33])).sum(over: [0])]
      },
      ConformanceCase("sum of a million", tolerance: Tolerance.sums) { g in [g.input("x", [1_000_003]).sum()] },
    ]
    return cases
  }

  /// Sums and maxima of one tensor that a launch computes together: along contiguous rows, along columns, and over images
  /// and pixels for each channel; some with sums that are cut into segments.
  static var siblingReductions: [ConformanceCase] {
    let shapes: [(Shape, [Int])] = [
      ([37, 130], [1]), ([768, 128], [1]), ([130, 37], [0]), ([5000, 130], [0]), ([3, 5, 7, 6], [0, 2, 3]),
      ([33, 20, 8, 8], [0, 2, 3]), ([9, 2, 64, 64], [0, 2, 3]), ([7, 3, 1, 1], [0, 2, 3]), ([2, 5, 40, 3], [0, 2]),
      ([70_001], [0]),
    ]
    return shapes.map { shape, axes in
      ConformanceCase("sibling reductions of \(shape) over \(axes)", tolerance: Tolerance.sums) { g in
        let (x, y) = (g.input("x", shape), g.input("y", shape))
        let kept = Shape(shape.dimensions.indices.map { axes.contains($0) ? 1 : shape[$0] })
        let (center, scale) = (g.input("center", kept), g.input("scale", kept))
        let projection = ApusGraph.pointwise(x, center, scale, y) { ($0[0] - $0[1]) * $0[2] * $0[3] }
        let moments = x.standardized(over: axes, epsilon: 1e-3)
        return [y.sum(over: axes), projection.sum(over: axes), x.max(over: axes), (x * y).max(over: axes)]
          + [moments.mean, moments.variance].compactMap(\.self)
      }
    }
  }

  /// Enough rows of such lengths that what is computed along them is one launch.
  static var rowChains: [ConformanceCase] {
    var cases: [ConformanceCase] = [(64, 2), (65, 7), (67, 16), (129, 33), (71, 128), (64, 1031), (66, 4096)].map {
      rows, columns in
      ConformanceCase("layer norm of \(rows)×\(columns)", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [rows, columns])
        let parameters = [g.parameter("gamma", [columns]), g.parameter("beta", [columns])]
        let moments = x.standardized(over: [-1], epsilon: 1e-3, weight: parameters[0], bias: parameters[1])
        let upstream = g.input("upstream", x.shape)
        return [moments.standardized, moments.variance]
          + gradient(of: (moments.standardized * upstream).sum(), with: [x] + parameters)
      }
    }
    cases += [
      ConformanceCase("norms of three axes", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [5, 17, 33])
        let y = x.standardized(over: [-1], epsilon: 1e-3).standardized
        let z = x.standardized(over: [-1], epsilon: 1e-3, centering: false).standardized
        let images = g.input("images", [9, 8, 3, 5, 7]).standardized(over: [2, 3, 4], epsilon: 1e-3).standardized
        return [y, z, images] + gradient(of: ((y * z) * g.input("upstream", y.shape)).sum(), with: [x])
      },
      ConformanceCase("a softmax of its parts", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [70, 37])
        let powers = exp(x - x.max(over: [1], keepingAxes: true))
        return [powers / powers.sum(over: [1], keepingAxes: true)]
      },
      ConformanceCase("three passes over rows of every kind", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [69, 41])
        let (column, row) = (g.input("column", [69, 1]), g.input("row", [41]))
        let (bytes, transposed) = (g.input("bytes", [69, 41], .uint8), g.input("transposed", [41, 69]))
        let mean = x.mean(over: [1], keepingAxes: true)
        let deviation = (ApusGraph.abs(x - mean) * row).mean(over: [1], keepingAxes: true) + ApusGraph.abs(column)
        let largest = ((x - mean) / (deviation + 1) * row).max(over: [1], keepingAxes: true)
        let share = bytes.asFloat() / 255
        return [
          largest, mean * 2, (x - largest) * share + transposed.transposed([1, 0]), x * deviation + column,
        ]
      },
      ConformanceCase("dropout behind a norm", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [3, 31, 19])
        let stream = g.makeRandomStream()
        let y = x.standardized(over: [-1], epsilon: 1e-3).standardized
        return [ApusGraph.pointwise(y) { .select(.less(.random(stream: stream), 0.5), $0[0], 0) }]
      },
    ]
    return cases
  }

  static var rows: [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for shape in [[1, 1], [5, 10], [100, 10], [3, 257], [2, 3, 17], [7, 1031]] as [Shape] {
      cases.append(
        ConformanceCase("rows of \(shape)", tolerance: Tolerance.functions, integerBound: shape[-1]) { g in
          let x = g.input("x", shape) * 5
          let rowShape = Shape(shape.dimensions.dropLast())
          let labels = g.input("labels", rowShape, .int32)
          let losses = softmaxCrossEntropy(x, labels: labels)
          let weighted = (losses * g.input("w", rowShape)).sum()
          return [x.argmax(), x.softmax(), x.logSumExp(), x.logSoftmax(), losses] + gradient(of: weighted, with: [x])
        })
      cases.append(
        ConformanceCase("losses of \(shape)", tolerance: Tolerance.functions, integerBound: shape[-1]) { g in
          let x = g.input("x", shape) * 5
          let labels = g.input("labels", Shape(shape.dimensions.dropLast()), .int32)
          let loss = softmaxCrossEntropy(x, labels: labels).mean()
          let others = g.input("others", labels.shape, .int32)
          return [loss] + gradient(of: loss, with: [x])
            + gradient(of: softmaxCrossEntropy(x, labels: others).sum(), with: [x])
        })
    }
    cases += [
      ConformanceCase("softmax over another axis", tolerance: Tolerance.functions) { g in
        let x = g.input("x", [5, 7, 3])
        return [x.softmax(axis: 1), x.argmax(axis: 0)]
      },
      ConformanceCase("argmax takes the first of equals", tolerance: 0) { g in
        [ApusGraph.pointwise(g.input("x", [65, 9])) { .floor($0[0]) }.argmax()]
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
  fileprivate func asFloat() -> Tensor { ApusGraph.pointwise(self) { $0[0] } }
}
