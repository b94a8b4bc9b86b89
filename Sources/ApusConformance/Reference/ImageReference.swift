import ApusCompiler
import ApusExpression
import ApusGraph

/// Convolutions, poolings and augmentations one element at a time, in double precision. Operands are read by index.
package enum ImageReference {
  package typealias Operand = (Int) -> Double

  /// One of a convolution's three products, row-major.
  package static func convolution(
    _ pass: ConvolutionKernel.Pass, _ s: ConvolutionShape, _ first: Operand, _ second: Operand
  ) -> [Double] {
    let result: Shape =
      switch pass {
      case .forward: s.outputShape
      case .inputGradient: s.inputShape
      case .weightGradient: s.weightShape
      }
    var sums = [Double](repeating: 0, count: result.count)
    let (x, w, y) = (s.inputShape.strides, s.weightShape.strides, s.outputShape.strides)
    let (channels, features) = (s.channels / s.groups, s.features / s.groups)
    for output in 0..<s.outputShape.count {
      let (image, feature) = (output / y[0], output / y[1] % s.features)
      let place = [output / y[2] % s.output[0], output % s.output[1]]
      for i in 0..<s.window.size[0] {
        guard let row = s.window.source(position: place[0], element: i, extent: s.input[0], axis: 0) else { continue }
        for j in 0..<s.window.size[1] {
          guard let column = s.window.source(position: place[1], element: j, extent: s.input[1], axis: 1) else {
            continue
          }
          for element in 0..<channels {
            let channel = feature / features * channels + element
            let input = image * x[0] + channel * x[1] + row * x[2] + column
            let weight = feature * w[0] + element * w[1] + i * w[2] + j
            switch pass {
            case .forward: sums[output] += first(input) * second(weight)
            case .inputGradient: sums[input] += first(output) * second(weight)
            case .weightGradient: sums[weight] += first(input) * second(output)
            }
          }
        }
      }
    }
    return sums
  }

  /// The elements of the image under a window, and the window's share of each in a mean.
  private static func elements(_ s: PoolShape, _ place: [Int]) -> (inside: [Int], share: Double) {
    let inside = Grid(s.window.size).compactMap { element -> Int? in
      guard let row = s.window.source(position: place[1], element: element[0], extent: s.input[0], axis: 0),
        let column = s.window.source(position: place[2], element: element[1], extent: s.input[1], axis: 1)
      else { return nil }
      return (place[0] * s.input[0] + row) * s.input[1] + column
    }
    let counted = s.kind == .averageWithoutPadding ? inside.count : s.window.size[0] * s.window.size[1]
    return (inside, 1 / Double(counted))
  }

  private static func largest(_ candidates: [Int], _ x: Operand) -> Int {
    candidates.dropFirst().reduce(candidates[0]) { best, next in
      x(next) > x(best) || (x(next).isNaN && !x(best).isNaN) ? next : best
    }
  }

  package static func pool(_ s: PoolShape, _ x: Operand) -> [Double] {
    Grid([s.planes] + s.output).map { place in
      let (inside, share) = elements(s, place)
      return s.kind == .max ? x(largest(inside, x)) : inside.reduce(0) { $0 + x($1) } * share
    }
  }

  package static func poolGradient(_ s: PoolShape, _ gradient: Operand, _ x: Operand?) -> [Double] {
    var sums = [Double](repeating: 0, count: s.planes * s.input[0] * s.input[1])
    for (output, place) in Grid([s.planes] + s.output).enumerated() {
      let (inside, share) = elements(s, place)
      if let x {
        sums[largest(inside, x)] += gradient(output)
      } else {
        for element in inside { sums[element] += gradient(output) * share }
      }
    }
    return sums
  }

  package static func augmentation(_ k: AugmentationKernel, _ x: Operand, _ philox: Philox, step: UInt32) -> [Double] {
    Grid([k.images, k.channels, k.height, k.width]).map { place in
      let (image, row, column) = (place[0], place[2], place[3])
      func draw(_ decision: Int) -> Float {
        philox.uniform(element: 8 * image + decision, step: step, stream: k.rule.stream)
      }
      func shift(_ decision: Int) -> Int { Int(draw(decision) * Float(2 * k.rule.padding + 1)) - k.rule.padding }
      if k.rule.cutout > 0 {
        func isCut(_ position: Int, _ extent: Int, _ decision: Int) -> Bool {
          let first = Int(draw(decision) * Float(extent)) - k.rule.cutout / 2
          return position >= first && position < first + k.rule.cutout
        }
        if isCut(row, k.height, 3) && isCut(column, k.width, 4) { return 0 }
      }
      let mirrored = k.rule.flips && draw(2) < 0.5 ? k.width - 1 - column : column
      let source = (row + shift(0), mirrored + shift(1))
      guard (0..<k.height).contains(source.0), (0..<k.width).contains(source.1) else { return 0 }
      return x(((image * k.channels + place[1]) * k.height + source.0) * k.width + source.1)
    }
  }
}
