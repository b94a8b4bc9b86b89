import ApusExpression
import ApusGraph

extension ConformanceCase {
  /// Graphs of a dozen operations drawn at random with their gradients: what the compiler joins, moves and puts in shared
  /// memory is met in combinations that nobody thought of.
  ///
  /// A seed always draws the same graph. They are for float32: what rounding makes of a product's operands grows on the way
  /// through what follows, and there is no saying how far.
  public static func random(seeds: Range<Int>) -> [ConformanceCase] {
    seeds.map { seed in
      ConformanceCase("random graph \(seed)", tolerance: Tolerance.network) { graph in
        var builder = RandomGraph(graph, seed: UInt64(truncatingIfNeeded: seed))
        return builder.outputs()
      }
    }
  }
}

/// Draws operations and what they are applied to. Values stay around one, and every function is smooth: at a kink, or
/// between equal maxima, the last bit of a float decides what a gradient is.
private struct RandomGraph {
  private let graph: Graph
  private var draws: RandomDraws
  private var tensors: [Tensor] = []
  private var parameters: [Tensor] = []
  private var leafCount = 0

  /// The most elements of a tensor.
  private let largest: Int
  private static let extents = [1, 2, 3, 5, 8, 11, 16, 17, 19, 33, 65]

  init(_ graph: Graph, seed: UInt64) {
    self.graph = graph
    draws = RandomDraws(seed: seed)
    largest = draws.one(of: [300, 3000, 20_000])
  }

  mutating func outputs() -> [Tensor] {
    let rank = 1 + draws.below(4)
    tensors = [leaf(shape(of: rank))]
    let count = 5 + draws.below(10)
    var operations = 0
    while operations < count {
      guard let next = operation(), next.shape.count <= largest else { continue }
      tensors.append(next)
      operations += 1
    }
    var results = [tensors[tensors.count - 1]]
    for _ in 0..<draws.below(3) { results.append(draws.one(of: tensors)) }
    var loss = graph.constant(0)
    for result in results { loss = loss + weighted(result) }
    return results + [loss] + gradient(of: loss, with: parameters)
  }

  private mutating func weighted(_ x: Tensor) -> Tensor {
    switch draws.below(3) {
    case 0: return (x * x).sum() * 0.5
    case 1: return (tanh(x) * input(x.shape)).sum()
    default: return (x * input(x.shape)).mean() * 10
    }
  }

  // MARK: - Leaves

  private mutating func shape(of rank: Int) -> Shape {
    while true {
      var dimensions = (0..<rank).map { _ in draws.one(of: Self.extents) }
      if rank == 4, draws.below(2) == 0 {
        // Images with so many channels that convolutions are worth transforming.
        let channels = draws.one(of: [8, 16, 24, 33, 48])
        dimensions = [1 + draws.below(2), channels, 5 + draws.below(12), 5 + draws.below(12)]
      }
      let shape = Shape(dimensions)
      if shape.count <= largest / 2 { return shape }
    }
  }

  private mutating func input(_ shape: Shape, _ type: ElementType = .float32) -> Tensor {
    leafCount += 1
    return graph.input("input\(leafCount)", shape, type)
  }

  private mutating func parameter(_ shape: Shape) -> Tensor {
    leafCount += 1
    let parameter = graph.parameter("parameter\(leafCount)", shape)
    parameters.append(parameter)
    return parameter
  }

  private mutating func leaf(_ shape: Shape) -> Tensor {
    // There is a parameter at least.
    parameters.isEmpty || draws.below(2) == 0 ? parameter(shape) : input(shape)
  }

  /// A tensor from before, most often one of the last.
  private mutating func earlier() -> Tensor {
    draws.one(of: draws.below(3) == 0 ? tensors : Array(tensors.suffix(2)))
  }

  // MARK: - Operations

  /// The next one, or nil where it does not fit what it was drawn for.
  private mutating func operation() -> Tensor? {
    let x = earlier()
    // Only tensors of four axes are images, and only those of three are sequences.
    if x.shape.rank == 4, draws.below(3) == 0 { return images(x) }
    if x.shape.rank == 3, draws.below(8) == 0 { return attended(x) }
    switch draws.below(18) {
    case 0...2: return function(of: x)
    case 3...6: return combination(x, partner(of: x))
    case 7, 8: return product(x)
    case 9, 10: return reduction(x)
    case 11: return rows(x)
    case 12: return normalized(x)
    case 13, 14: return moved(x)
    case 15: return part(x)
    case 16: return joined(x)
    default: return picked(x)
    }
  }

  private mutating func function(of x: Tensor) -> Tensor {
    switch draws.below(8) {
    case 0: return tanh(x)
    case 1: return sigmoid(x)
    case 2: return x * 0.7 - 0.2
    case 3: return pointwise(x) { $0[0] * .normalCDF($0[0]) }
    case 4: return pointwise(x) { .softplus($0[0]) }
    case 5: return pointwise(x) { .sin($0[0]) }
    case 6:
      let stream = graph.makeRandomStream()
      return pointwise(x) { .select(.less(.random(stream: stream), 0.75), $0[0] * (4.0 / 3), 0) }
    default: return exp(tanh(x) * 0.5)
    }
  }

  /// Another tensor of the same shape, or a leaf of one that broadcasts to it or with it.
  private mutating func partner(of x: Tensor) -> Tensor {
    let fitting = tensors.filter { $0.shape.broadcast(with: x.shape)?.count ?? .max <= largest }
    if draws.below(3) > 0 { return draws.one(of: fitting) }
    let kept = x.shape.dimensions.map { draws.below(2) == 0 ? 1 : $0 }
    return leaf(Shape(Array(kept.dropFirst(draws.below(kept.count + 1)))))
  }

  private mutating func combination(_ x: Tensor, _ y: Tensor) -> Tensor? {
    guard x.shape.broadcast(with: y.shape) != nil else { return nil }
    switch draws.below(6) {
    case 0: return x + y
    case 1: return x - y * 0.5
    case 2: return tanh(x) * y
    case 3: return pointwise(x, y) { $0[0] / (1 + .square($0[1])) }
    case 4: return pointwise(x, y) { $0[0] * .sigmoid($0[1]) + 0.1 }
    default: return y * 0.3
    }
  }

  private mutating func product(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 2 else { return nil }
    let depth = x.shape[-1]
    let scale = 1 / Double(depth).squareRoot()
    if draws.below(5) == 0 { return matrixProduct(x, x, transposingRight: true) * scale }
    let width = draws.one(of: Self.extents)
    let isTransposed = draws.below(2) == 0
    let weights = leaf(isTransposed ? [width, depth] : [depth, width])
    let y = matrixProduct(x, weights, transposingRight: isTransposed)
    switch draws.below(3) {
    case 0: return y * scale
    case 1: return tanh(y * scale + leaf([width]))
    default: return pointwise(y * scale + leaf([width])) { $0[0] * .normalCDF($0[0]) }
    }
  }

  private mutating func axes(of x: Tensor) -> [Int] {
    let axes = (0..<x.shape.rank).filter { _ in draws.below(2) == 0 }
    return axes.isEmpty ? [draws.below(x.shape.rank)] : axes
  }

  private mutating func reduction(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 1 else { return nil }
    let axes = axes(of: x)
    let keeps = draws.below(3) > 0
    let mean = x.mean(over: axes, keepingAxes: keeps)
    switch draws.below(3) {
    case 0: return mean
    case 1: return (x * x).sum(over: axes, keepingAxes: keeps) * (1 / Double(x.shape.count))
    default: return keeps ? x - mean : mean * 2
    }
  }

  private mutating func rows(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 1 else { return nil }
    switch draws.below(4) {
    case 0: return x.softmax(axis: draws.below(x.shape.rank))
    case 1: return x.logSumExp()
    case 2: return x.logSoftmax() * 0.2
    default:
      guard x.shape[-1] >= 10 else { return nil }
      return softmaxCrossEntropy(x, labels: input(Shape(x.shape.dimensions.dropLast()), .int32)) * 0.3
    }
  }

  private mutating func normalized(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 1 else { return nil }
    let isLayer = draws.below(2) == 0
    let axes = isLayer ? [x.shape.rank - 1] : axes(of: x)
    let y = x.standardized(over: axes, epsilon: 0.05, centering: draws.below(4) > 0).standardized
    return isLayer && draws.below(2) == 0 ? y * leaf([x.shape[-1]]) + leaf([x.shape[-1]]) : y
  }

  private mutating func moved(_ x: Tensor) -> Tensor? {
    let dimensions = x.shape.dimensions
    switch draws.below(4) {
    case 0: return x.transposed(draws.shuffled(Array(dimensions.indices)))
    case 1:
      guard dimensions.count >= 2 else { return nil }
      let axis = draws.below(dimensions.count - 1)
      let joined = dimensions[axis] * dimensions[axis + 1]
      return x.reshaped(to: Shape(Array(dimensions[..<axis]) + [joined] + Array(dimensions[(axis + 2)...])))
    case 2:
      guard dimensions.count < 5, let axis = dimensions.indices.last(where: { dimensions[$0] % 2 == 0 }) else {
        return nil
      }
      let halves = [2, dimensions[axis] / 2]
      return x.reshaped(to: Shape(Array(dimensions[..<axis]) + halves + Array(dimensions[(axis + 1)...])))
    default:
      guard dimensions.count < 4 else { return nil }
      return x.broadcast(to: Shape([1 + draws.below(3)] + dimensions))
    }
  }

  private mutating func part(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 1 else { return nil }
    let axis = draws.below(x.shape.rank)
    let first = draws.below(x.shape[axis])
    return x.slice(first..<first + 1 + draws.below(x.shape[axis] - first), axis: axis)
  }

  private mutating func joined(_ x: Tensor) -> Tensor? {
    guard x.shape.rank >= 1 else { return nil }
    let equals = tensors.filter { $0.shape == x.shape }
    return concatenate([draws.one(of: equals), x], axis: draws.below(x.shape.rank))
  }

  private mutating func picked(_ x: Tensor) -> Tensor? {
    // Indices are drawn below ten.
    guard x.shape.rank >= 1, x.shape[0] >= 10 else { return nil }
    return x.gather(input(draws.below(2) == 0 ? [7] : [2, 3], .int32))
  }

  private mutating func images(_ x: Tensor) -> Tensor? {
    guard x.shape.rank == 4 else { return nil }
    let (channels, extents) = (x.shape[1], [x.shape[2], x.shape[3]])
    if draws.below(3) == 0 {
      guard extents.allSatisfy({ $0 >= 2 }) else { return nil }
      return x.averagePool(size: [2, 2], strides: draws.below(2) == 0 ? [2, 2] : [1, 1])
    }
    let size = [draws.one(of: [1, 3, 3, 5]), draws.one(of: [1, 3, 3, 5])]
    let isPlain = draws.below(2) == 0
    let dilation = isPlain ? [1, 1] : [1 + draws.below(2), 1 + draws.below(2)]
    let reach = (0..<2).map { (size[$0] - 1) * dilation[$0] + 1 }
    let padding = isPlain ? size.map { $0 / 2 } : reach.map { draws.below($0) }
    let strides = isPlain ? [1, 1] : [1 + draws.below(3), 1 + draws.below(3)]
    let groups = channels % 2 == 0 && draws.below(4) == 0 ? draws.one(of: [2, channels]) : 1
    let features = groups * (groups == 1 ? draws.one(of: [1, 3, 8, 17, 32]) : 1 + draws.below(2))
    let scale = 1 / Double(channels / groups * size[0] * size[1]).squareRoot()
    let y: Tensor
    if draws.below(4) == 0 {
      guard (0..<2).allSatisfy({ (extents[$0] - 1) * strides[$0] + reach[$0] > 2 * padding[$0] }) else { return nil }
      let weights = leaf([channels, features / groups, size[0], size[1]])
      y = transposedConvolution(x, weights, strides: strides, padding: padding, dilation: dilation, groups: groups)
    } else {
      guard (0..<2).allSatisfy({ extents[$0] + 2 * padding[$0] >= reach[$0] }) else { return nil }
      let weights = leaf([features, channels / groups, size[0], size[1]])
      y = convolution(x, weights, strides: strides, padding: padding, dilation: dilation, groups: groups)
    }
    return draws.below(2) == 0 ? y * scale : tanh(y * scale + leaf([features, 1, 1]))
  }

  private mutating func attended(_ x: Tensor) -> Tensor? {
    guard x.shape.rank == 3 else { return nil }
    let (batch, length, depth) = (x.shape[0], x.shape[1], x.shape[2])
    let (heads, width) = (1 + draws.below(2), draws.one(of: [3, 8]))
    let packed = matrixProduct(x, leaf([3 * heads * width, depth]), transposingRight: true)
    let scaled = packed * (1 / Double(depth).squareRoot())
    let y = attention(scaled.reshaped(to: [batch, length, 3, heads, width]), isCausal: draws.below(2) == 0)
    return y.reshaped(to: [batch, length, heads * width])
  }
}
