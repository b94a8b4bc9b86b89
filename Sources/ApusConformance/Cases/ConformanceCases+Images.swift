import ApusExpression
import ApusGraph

extension ConformanceCase {
  /// Images, channels, features, rows, columns, kernel, strides, padding, dilation, groups.
  private struct Geometry {
    var n = 2
    var c = 3
    var o = 5
    var size = [7, 9]
    var kernel = [3, 3]
    var strides = [1, 1]
    var padding = [1, 1]
    var dilation = [1, 1]
    var groups = 1

    var name: String {
      "\(n)×\(c)→\(o) of \(size[0])×\(size[1]) by \(kernel[0])×\(kernel[1]), stride \(strides), padding \(padding), "
        + "dilation \(dilation), groups \(groups)"
    }

    func input(_ g: Graph) -> Tensor { g.input("x", Shape([n, c] + size)) }
    func weights(_ g: Graph) -> Tensor { g.parameter("w", Shape([o, c / groups] + kernel)) }
    func convolved(_ x: Tensor, _ w: Tensor) -> Tensor {
      ApusGraph.convolution(x, w, strides: strides, padding: padding, dilation: dilation, groups: groups)
    }
  }

  private static let geometries = [
    Geometry(n: 1, c: 1, o: 1, size: [1, 1], kernel: [1, 1], padding: [0, 0]),
    Geometry(),
    Geometry(n: 3, c: 1, o: 32, size: [28, 28]),
    Geometry(n: 2, c: 16, o: 16, size: [16, 16]),
    Geometry(n: 2, c: 3, o: 13, size: [32, 32], kernel: [5, 5], padding: [2, 2]),
    Geometry(n: 2, c: 16, o: 33, size: [17, 15], strides: [2, 2]),
    Geometry(n: 2, c: 16, o: 32, size: [16, 16], strides: [2, 2]),
    Geometry(n: 1, c: 7, o: 9, size: [11, 13], kernel: [1, 1], padding: [0, 0]),
    Geometry(n: 2, c: 8, o: 16, size: [16, 16], kernel: [1, 1], strides: [2, 2], padding: [0, 0]),
    Geometry(n: 2, c: 4, o: 6, size: [9, 9], padding: [2, 2], dilation: [2, 2]),
    Geometry(n: 2, c: 6, o: 6, size: [8, 8], groups: 6),
    Geometry(n: 2, c: 6, o: 9, size: [8, 8], groups: 3),
    Geometry(n: 5, c: 17, o: 31, size: [4, 4]),
    Geometry(n: 1, c: 2, o: 3, size: [5, 40], kernel: [2, 4], strides: [2, 3], padding: [1, 2], dilation: [1, 2]),
    Geometry(n: 17, c: 3, o: 5, size: [8, 8]),
    Geometry(n: 2, c: 5, o: 70, size: [6, 6], padding: [0, 0]),
    Geometry(n: 1, c: 3, o: 8, size: [33, 33], kernel: [7, 7], strides: [2, 2], padding: [3, 3]),
    Geometry(n: 1, c: 2, o: 4, size: [6, 6], kernel: [2, 2], strides: [3, 3], padding: [0, 0]),
    Geometry(n: 2, c: 3, o: 4, size: [5, 5], kernel: [1, 1], padding: [2, 2]),
    Geometry(n: 33, c: 2, o: 3, size: [3, 3], kernel: [3, 3], padding: [0, 0]),
  ]

  static var convolutions: [ConformanceCase] {
    var cases = geometries.map { geometry in
      ConformanceCase("convolution \(geometry.name)", tolerance: Tolerance.sums) { g in
        let (x, w) = (geometry.input(g), geometry.weights(g))
        let y = geometry.convolved(x, w)
        return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x, w])
      }
    }
    cases += geometries.filter { $0.dilation == [1, 1] }.map { geometry in
      ConformanceCase("transposed convolution \(geometry.name)", tolerance: Tolerance.sums) { g in
        let x = g.input("x", Shape([geometry.n, geometry.o] + geometry.size))
        let w = geometry.weights(g)
        let y = transposedConvolution(
          x, w, strides: geometry.strides, padding: geometry.padding.map { Swift.min($0, 1) },
          outputPadding: geometry.strides.map { $0 - 1 }, groups: geometry.groups)
        return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x, w])
      }
    }
    cases += [
      ConformanceCase("bias and rectifier behind a convolution", tolerance: Tolerance.sums) { g in
        let geometry = Geometry(n: 2, c: 3, o: 17, size: [9, 11])
        let y = geometry.convolved(geometry.input(g), geometry.weights(g))
        return [relu(y + g.parameter("b", [17, 1, 1]))]
      },
      ConformanceCase("every kind of extra behind a convolution", tolerance: Tolerance.sums) { g in
        let geometry = Geometry(n: 3, c: 4, o: 5, size: [18, 6], strides: [2, 1])
        let y = geometry.convolved(geometry.input(g), geometry.weights(g))
        let scaled = (y + g.input("residual", y.shape)) * g.input("channel", [5, 1, 1])
        return [tanh(scaled) - g.input("image", [3, 1, 1, 1]) * g.input("scalar", []) + g.input("pixels", [9, 6])]
      },
      ConformanceCase("dropout behind a convolution", tolerance: Tolerance.sums) { g in
        let s = g.makeRandomStream()
        let geometry = Geometry(n: 2, c: 3, o: 6, size: [8, 10])
        let y = geometry.convolved(geometry.input(g), geometry.weights(g))
        return [ApusGraph.pointwise(y) { .select(.less(.random(stream: s), 0.5), $0[0] * 2, 0) }]
      },
      ConformanceCase("a mask behind the gradient of a convolution's input", tolerance: Tolerance.sums) { g in
        let geometry = Geometry(n: 2, c: 7, o: 6, size: [8, 10], strides: [2, 2])
        let x = relu(geometry.input(g))
        let y = geometry.convolved(x, geometry.weights(g))
        return gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [g.input("x", Shape([2, 7, 8, 10]))])
          + gradient(of: y.sum(), with: [x])
      },
    ]
    return cases
  }

  static var images: [ConformanceCase] {
    let windows: [(size: [Int], strides: [Int], padding: [Int], image: [Int])] = [
      ([2, 2], [2, 2], [0, 0], [8, 8]), ([2, 2], [2, 2], [0, 0], [9, 7]), ([3, 3], [2, 2], [0, 0], [32, 32]),
      ([3, 3], [2, 2], [1, 1], [17, 15]), ([3, 2], [1, 3], [1, 0], [7, 31]), ([1, 1], [1, 1], [0, 0], [5, 5]),
      ([5, 5], [5, 5], [0, 0], [5, 5]), ([3, 3], [1, 1], [1, 1], [4, 40]), ([2, 2], [3, 3], [1, 1], [10, 11]),
    ]
    var cases: [ConformanceCase] = []
    for (size, strides, padding, image) in windows {
      let name = "pooling \(size), stride \(strides), padding \(padding) of \(image)"
      cases.append(
        ConformanceCase(name, tolerance: Tolerance.arithmetic * 4) { g in
          let x = g.input("x", Shape([2, 5] + image))
          let pooled = [
            x.maxPool(size: size, strides: strides, padding: padding),
            x.averagePool(size: size, strides: strides, padding: padding),
            x.averagePool(size: size, strides: strides, padding: padding, countsPadding: false),
          ]
          let upstream = g.input("upstream", pooled[0].shape)
          return pooled + pooled.flatMap { gradient(of: ($0 * upstream).sum(), with: [x]) }
        })
    }
    cases += [
      ConformanceCase("pooling of equals", tolerance: Tolerance.arithmetic) { g in
        // Rounded values tie often; the first of equals gets the gradient.
        let x = ApusGraph.pointwise(g.input("x", [2, 3, 9, 9])) { .floor($0[0]) }
        let y = x.maxPool(size: [3, 3], strides: [2, 2], padding: [1, 1])
        return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x])
      },
      ConformanceCase("batch standardization", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [4, 5, 6, 7])
        let parameters = [g.parameter("gamma", [5, 1, 1]), g.parameter("beta", [5, 1, 1])]
        let moments = x.standardized(over: [0, 2, 3], epsilon: 1e-5, weight: parameters[0], bias: parameters[1])
        let y = moments.standardized
        return [y, moments.variance]
          + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x] + parameters)
      },
      ConformanceCase("layer standardization", tolerance: Tolerance.sums) { g in
        let x = g.input("x", [3, 17, 33])
        let y = x.standardized(over: [-1], epsilon: 1e-5).standardized
        let z = x.standardized(over: [-1], epsilon: 1e-5, centering: false).standardized
        let parameters = [g.parameter("gamma", [33]), g.parameter("beta", [33])]
        let u = x.standardized(over: [-1], epsilon: 1e-5, weight: parameters[0], bias: parameters[1]).standardized
        return [y, z, u] + gradient(of: ((y * z * u) * g.input("upstream", y.shape)).sum(), with: [x] + parameters)
      },
      ConformanceCase("statistics", tolerance: Tolerance.arithmetic) { g in
        let mean = g.statistic("mean", [5])
        return [g.input("x", [7, 5]) - mean, mean * 2]
      },
    ]
    for (name, columns, padding, flips, cutout) in [
      ("shift", 11, 4, false, 0), ("flip", 11, 0, true, 0), ("cutout", 11, 0, false, 5),
      ("shift, flip and cutout", 11, 2, true, 4), ("shifts by more than the width", 3, 8, true, 7),
    ] {
      cases.append(
        ConformanceCase("augmentation by \(name)", tolerance: 0) { g in
          [g.input("x", [9, 3, 8, columns]).augmented(padding: padding, flips: flips, cutout: cutout)]
        })
    }
    return cases
  }
}
