import ApusCompiler
import ApusExpression
import ApusGraph
import ApusTestSupport
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct ConvolutionTests {
  struct Geometry: CustomTestStringConvertible, Sendable {
    let shape: ConvolutionShape
    let isTiny: Bool

    init(
      _ n: Int, _ c: Int, _ o: Int, _ size: [Int], _ kernel: [Int], strides: [Int] = [1, 1], padding: [Int] = [0, 0],
      dilation: [Int] = [1, 1], groups: Int = 1, isTiny: Bool = false
    ) {
      let window = Window(size: kernel, strides: strides, padding: padding, dilation: dilation)
      shape = ConvolutionShape(
        images: n, channels: c, features: o, groups: groups, input: size,
        output: (0..<2).map { window.positions(over: size[$0], axis: $0) }, window: window)
      self.isTiny = isTiny
    }

    var hasWinogradTiles: Bool {
      let window = shape.window
      return [[3, 3], [5, 5]].contains(window.size) && window.strides == [1, 1] && window.dilation == [1, 1]
        && shape.groups == 1
    }

    var testDescription: String {
      "\(shape.images)×\(shape.channels)→\(shape.features) of \(shape.input), \(shape.window), \(shape.groups) groups"
    }
  }

  static let geometries: [Geometry] = [
    Geometry(1, 1, 1, [1, 1], [1, 1], isTiny: true),
    Geometry(2, 3, 5, [5, 6], [3, 3], padding: [1, 1], isTiny: true),
    Geometry(1, 2, 3, [5, 9], [2, 3], strides: [2, 3], padding: [1, 2], dilation: [1, 2], isTiny: true),
    Geometry(2, 4, 4, [4, 4], [3, 3], padding: [1, 1], groups: 4, isTiny: true),
    Geometry(1, 4, 6, [5, 3], [1, 1], strides: [2, 2], groups: 2, isTiny: true),
    Geometry(2, 17, 3, [6, 5], [5, 5], padding: [3, 1], isTiny: true),
    Geometry(3, 4, 6, [6, 7], [3, 2], strides: [2, 2], padding: [3, 2], isTiny: true),
    Geometry(3, 5, 35, [7, 18], [3, 3], padding: [1, 1]),
    Geometry(9, 17, 14, [8, 8], [5, 5], padding: [2, 2]),
    Geometry(2, 128, 20, [9, 6], [3, 3], padding: [2, 0]),
    // More images than a slice has.
    Geometry(131, 1, 2, [15, 15], [3, 3], padding: [1, 1]),
    Geometry(3, 16, 16, [3, 3], [3, 3]),
    Geometry(2, 6, 20, [9, 35], [3, 3], strides: [2, 2], padding: [1, 1]),
    Geometry(1, 3, 8, [14, 14], [7, 7], strides: [3, 2], padding: [3, 3]),
    Geometry(2, 40, 70, [4, 12], [1, 1]),
    Geometry(3, 9, 6, [9, 75], [4, 4], strides: [2, 2], padding: [1, 1]),
    Geometry(2, 5, 8, [13, 11], [3, 5], strides: [1, 2], padding: [0, 1], dilation: [2, 3]),
  ].filter { !TestDevice.hasTinyShapes || $0.isTiny }

  /// Few of the large tiles, whose compiling takes long.
  private static func variants(
    _ family: MatrixProductTests.Family, _ pass: ConvolutionKernel.Pass, _ geometry: Geometry
  ) -> [ConvolutionProduct.Variant] {
    let isGradient = pass == .weightGradient
    switch family {
    case .wide: return geometry.hasWinogradTiles ? [.wide, .winograd] : [.wide]
    case .tiled: break
    case .tf32, .bf16:
      // A window that is strided and dilated, one that is padded, and one of a single pixel.
      switch (geometry.shape.features, geometry.shape.groups) {
      case (3, 1): return [.tensor(tile: 32, splits: isGradient ? 2 : 1)]
      case (35, 1): return [.tensor(tile: 64, splits: isGradient ? 3 : 1)]
      case (70, 1): return [.tensor(tile: 128, splits: 1)]
      default: return []
      }
    }
    if TestDevice.hasTinyShapes {
      return geometry.shape.groups == 1 ? [.tiled(tile: 32, splits: isGradient ? 2 : 1)] : [.direct]
    }
    var variants: [ConvolutionProduct.Variant] = [.tiled(tile: 32, splits: 1), .direct]
    if geometry.shape.features >= 35 {
      variants += [.tiled(tile: 64, splits: 1), .tiled(tile: 128, splits: 1)]
      if isGradient { variants.append(.tiled(tile: 64, splits: 3)) }
    }
    return variants
  }

  /// One of the candidates by patches of images, another for each shape; where a place is several pixels, two of them.
  private static func patch(
    _ pass: ConvolutionKernel.Pass, _ geometry: Geometry, _ position: Int,
    among candidates: [ConvolutionProduct.Variant]
  ) -> [ConvolutionProduct.Variant] {
    let patches = candidates.filter {
      switch $0 {
      case .patch, .patchWeights: true
      default: false
      }
    }
    let count = pass == .inputGradient && geometry.shape.window.strides != [1, 1] ? 2 : 1
    return (0..<min(count, patches.count)).map { patches[(position * 3 + $0) % patches.count] }
  }

  /// All shapes, products and variants in one program, because what takes the time here is compiling. Where a precision
  /// rounds operands, so does the expected value.
  @Test(
    arguments: MatrixProductTests.Family.allCases,
    [ConvolutionKernel.Pass.forward, .inputGradient, .weightGradient])
  func everyVariantAgreesWithDouble(family: MatrixProductTests.Family, pass: ConvolutionKernel.Pass) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = family == .wide ? .wide : .tiled
    device.maker = .nvidia
    device.tensorCores = .emulated
    let precision = family.precision
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var checks: [(name: String, output: MemoryRange, expected: [Double])] = []
    for (position, geometry) in Self.geometries.enumerated() {
      let shape = geometry.shape
      let input = numbers(shape.inputShape.count, seed: 1)
      let weights = numbers(shape.weightShape.count, seed: 2)
      let gradient = numbers(shape.outputShape.count, seed: 3)
      let (first, second, result) =
        switch pass {
        case .forward: (input, weights, shape.outputShape)
        case .inputGradient: (gradient, weights, shape.inputShape)
        case .weightGradient: (input, gradient, shape.weightShape)
        }
      let extents = [result[0], result[1], result[2] * result[3]]
      let residual = numbers(result.count, seed: 4)
      let bias = numbers(extents[1], seed: 5)
      let products = ImageReference.convolution(
        pass, shape, { Double(precision.rounded(first[$0])) }, { Double(precision.rounded(second[$0])) })
      let hasEpilogue = pass != .weightGradient
      let expected = products.enumerated().map { index, product in
        hasEpilogue
          ? max(product * 0.5 + Double(bias[index / extents[2] % extents[1]]), Double(residual[index])) : product
      }
      let operands = (try context.buffer(first), try context.buffer(second))
      let inputs = [
        TensorView(try context.buffer(bias), shape: extents, strides: [0, 1, 0]),
        TensorView(try context.buffer(residual), shape: extents),
      ]
      func product(_ output: MemoryRange) -> ConvolutionProduct {
        ConvolutionProduct(
          pass, shape, operands: operands, output: output,
          epilogue: hasEpilogue ? .max(.input(0) * .uniform(0) + .input(1), .input(2)) : .input(0),
          inputs: hasEpilogue ? inputs : [], precision: precision)
      }
      let candidates = product(operands.0).candidates(for: device)
      let variants = Self.variants(family, pass, geometry) + Self.patch(pass, geometry, position, among: candidates)
      for variant in variants {
        let output = try context.buffer([Float](repeating: .nan, count: result.count))
        let product = product(output)
        let size = product.scratchSize(variant, device)
        let scratch = size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
        launches += try product.plan(device, variant, scratch: scratch, &builder)
        checks.append(("\(geometry.testDescription) by \(variant)", output, expected))
      }
    }
    for launch in try launches.bind(try builder.build(context)) {
      try launch.set("u0", to: .float(0.5))
      try context.queue.enqueue(launch)
    }
    for check in checks {
      let result = try context.readFloats(check.output).map(Double.init)
      #expect(ConformanceValues.error(result, check.expected) < Tolerance.sums, "\(check.name)")
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases, [[1, 1], [2, 1], [2, 2], [3, 2]])
  func poolingsAgreeWithDouble(style: OpenCLDevice.Style, strides: [Int]) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let image = TestDevice.hasTinyShapes ? [5, 13] : [9, 37]
    for kind in [PoolShape.Kind.max, .average, .averageWithoutPadding] {
      let window = Window(size: [3, 2], strides: strides, padding: [1, 1])
      let shape = PoolShape(
        kind: kind, planes: 3, input: image, output: (0..<2).map { window.positions(over: image[$0], axis: $0) },
        window: window)
      // Few different values, so that the largest repeat; and a NaN.
      var values = numbers(3 * image[0] * image[1], seed: 1).map { ($0 * 2).rounded() }
      if kind == .max { values[40] = .nan }
      let upstream = numbers(3 * shape.output[0] * shape.output[1], seed: 2)
      let input = try context.buffer(values)
      let gradient = try context.buffer(upstream)
      let results = try [upstream.count, values.count].map { try context.buffer([Float](repeating: 7, count: $0)) }
      var builder = ProgramBuilder()
      let launches = [
        try Pooling(shape).plan(input, to: results[0], device, &builder),
        try Pooling(shape).planGradient(
          gradient, input: kind == .max ? input : nil, to: results[1], device, &builder),
      ]
      try context.queue.enqueue(try launches.bind(try builder.build(context)))
      let x: (Int) -> Double = { Double(values[$0]) }
      let expected = [
        ImageReference.pool(shape, x),
        ImageReference.poolGradient(shape, { Double(upstream[$0]) }, kind == .max ? x : nil),
      ]
      for (result, expected) in zip(results, expected) {
        let floats = try context.readFloats(result).map(Double.init)
        #expect(ConformanceValues.error(floats, expected) < 4 * Tolerance.arithmetic, "\(kind)")
      }
    }
  }

  @Test(arguments: OpenCLDevice.Style.allCases)
  func augmentationsAreThoseOfTheHost(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    var device = context.device
    device.style = style
    let graph = Graph()
    let x = graph.input("x", [5, 2, 6, 7])
    guard case .augmentation(let rule) = x.augmented(padding: 2, flips: true, cutout: 3).node.operation else { return }
    let kernel = AugmentationKernel(images: 5, channels: 2, height: 6, width: 7, rule: rule)
    let values = numbers(5 * 2 * 6 * 7, seed: 1)
    let output = try context.buffer([Float](repeating: .nan, count: values.count))
    var builder = ProgramBuilder()
    let launch = try ImageAugmentation(kernel, input: try context.buffer(values), output: output)
      .plan(device, &builder).bind(try builder.build(context))
    try launch.set("key0", to: .uint(11))
    try launch.set("step", to: .uint(3))
    try context.queue.enqueue(launch)
    let expected = ImageReference.augmentation(kernel, { Double(values[$0]) }, Philox(seed: 11), step: 3)
    #expect(try context.readFloats(output).map(Double.init) == expected)
  }
}
