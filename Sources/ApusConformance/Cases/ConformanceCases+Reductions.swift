import ApusExpression
import ApusGraph

extension ConformanceCase {
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
}
