import ApusGraph
import Testing

@Suite struct GraphErrorTests {
  private func message(_ build: (Graph) -> Void) -> String {
    let graph = Graph()
    build(graph)
    return graph.errors.first?.description ?? "no error"
  }

  @Test func aProductNamesBothShapesAndTheLine() {
    let text = message { g in
      _ = matrixProduct(g.input("a", [3, 4]), g.input("b", [5, 6]), file: "Model/Net.swift", line: 12)
    }
    #expect(
      text.hasPrefix("Model/Net.swift:12: matrix product: the inner dimensions differ (4 and 5) in [3, 4] × [5, 6]"))
  }

  @Test func anOperatorNamesWhereItsOperandsWereMade() {
    let text = message { g in
      _ = g.input("a", [3, 4], file: "A.swift", line: 7) + g.input("b", [5], file: "B.swift", line: 9)
    }
    #expect(
      text
        == "A.swift:7: pointwise operation: the shapes [3, 4] and [5] do not broadcast together (operands made at B.swift:9)"
    )
  }

  static let mistakes: [(String, @Sendable (Tensor) -> Void)] = [
    ("reshape: [4, 6] has 24 elements and [5, 5] has 25", { x in _ = x.reshaped(to: [5, 5]) }),
    ("transpose: [0, 0] is not an order of the axes of [4, 6]", { x in _ = x.transposed([0, 0]) }),
    ("slice: the part [9, 6] from [0, 0] does not lie within [4, 6]", { x in _ = x.slice(0..<9) }),
    ("sum: the axes [5] are not distinct axes of [4, 6]", { x in _ = x.sum(over: [5]) }),
    ("broadcast: [4, 6] does not broadcast to [4, 5]", { x in _ = x.broadcast(to: [4, 5]) }),
    ("gather: indices must be int32, not [4, 6]", { x in _ = x.gather(x) }),
    ("softmax cross-entropy: labels must be int32, not [4, 6]", { x in _ = softmaxCrossEntropy(x, labels: x) }),
    ("concatenate: [4, 6] and [6, 4] differ outside axis 0", { x in _ = concatenate([x, x.transposed()]) }),
    ("[1073741824, 1025] has more than 1099511627776 elements", { x in _ = x.graph.parameter("p", [1 << 30, 1025]) }),
    (
      "matrix product: [33554432, 33554432] has more than 1099511627776 elements",
      { x in _ = matrixProduct(x.graph.input("a", [1 << 25, 1]), x.graph.input("b", [1, 1 << 25])) }
    ),
    ("reshape: [4, 6] has 24 elements and [4611686018427387904, 6]", { x in _ = x.reshaped(to: [1 << 62, 6]) }),
    (
      "convolution: sizes, strides and dilations are from 1 and paddings from 0 to 1048576, not those of 2×3 padding",
      { x in _ = convolution(x.asImages, x.weights, padding: [Int.max, 0]) }
    ),
    (
      "transposed convolution: sizes, strides and dilations are from 1",
      { x in _ = transposedConvolution(x.asImages, x.weights, strides: [Int.max, 1]) }
    ),
    (
      "transposed convolution: an output padding of [2, 0] is not below the strides [2, 2]",
      { x in _ = transposedConvolution(x.asImages, x.weights, strides: [2, 2], outputPadding: [2, 0]) }
    ),
    (
      "augmentation: a padding of 7 or a cutout of 2 is more than the longer side of images of 4×6",
      { x in _ = x.asImages.augmented(padding: 7, cutout: 2) }
    ),
    ("gradient: the loss must be a float scalar, not [4, 6]", { x in _ = gradient(of: x, with: [x]) }),
  ]

  @Test(arguments: mistakes.indices)
  func mistakesAreNamed(index: Int) {
    let (expected, build) = Self.mistakes[index]
    #expect(message { build($0.input("x", [4, 6])) }.contains(expected))
  }

  @Test func theFirstMistakeIsThrownAndLaterOnesDoNotHideIt() {
    #expect(throws: GraphError.self) {
      try Graph.trace { g throws(GraphError) in
        let wrong = matrixProduct(g.input("a", [3, 4]), g.input("b", [5, 6]))
        return wrong + g.input("c", [1000])
      }
    }
  }

  @Test func tensorsOfTwoGraphsDoNotMix() {
    let other = Graph().input("x", [1])
    #expect(message { g in _ = g.input("y", [1]) + other }.contains("mixes tensors of two graphs"))
  }
}

extension Tensor {
  fileprivate var asImages: Tensor { reshaped(to: Shape([1, 1] + shape.dimensions)) }
  fileprivate var weights: Tensor { graph.input("w", [1, 1, 2, 3]) }
}
