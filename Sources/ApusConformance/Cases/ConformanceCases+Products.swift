import ApusGraph

extension ConformanceCase {
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
}
