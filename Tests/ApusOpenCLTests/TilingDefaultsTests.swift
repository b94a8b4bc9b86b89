import ApusCompiler
import ApusGraph
import ApusTestSupport
import Testing

import ApusOpenCL

/// What is shipped for devices that nobody has at hand: the chosen variants exist, fit and compute right.
@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct TilingDefaultsTests {
  /// A device as a maker's is, of so many compute units as its driver counts them.
  static func device(_ maker: OpenCLDevice.Maker, computeUnits: Int) throws -> OpenCLDevice {
    var device = try #require(TestDevice.first)
    device.style = .tiled
    device.maker = maker
    device.computeUnits = computeUnits
    return device
  }

  /// NVIDIA A100, AMD Radeon RX 7900 XTX (in its driver's count), Intel Iris Xe, and a mobile GPU.
  static let units: [(maker: OpenCLDevice.Maker, computeUnits: Int)] = [
    (.nvidia, 108), (.amd, 48), (.intel, 96), (.other, 10),
  ]

  private typealias Product = ApusOpenCL.MatrixProduct

  private static func product(
    _ m: Int, _ n: Int, _ k: Int, _ memory: MemoryRange, precision: Precision = .float32
  ) -> Product {
    Product(
      m: m, n: n, k: k, a: .init(memory, rowStride: k, columnStride: 1),
      b: .init(memory, rowStride: n, columnStride: 1), c: .init(memory, rowStride: n, columnStride: 1),
      precision: precision)
  }

  @Test(arguments: units.indices)
  func everyTileFitsItsMakersDevices(index: Int) throws {
    let device = try Self.device(Self.units[index].maker, computeUnits: Self.units[index].computeUnits)
    let defaults = TilingDefaults.of(device)
    #expect(!defaults.tiles.isEmpty)
    #expect(defaults.tiles == defaults.tiles.sorted(by: >))
    for side in defaults.tiles {
      #expect(TilingDefaults.localMemory(ofTile: side) <= defaults.localMemory, "\(side)")
      #expect(TilingDefaults.registers(ofTile: side) <= defaults.registers, "\(side)")
    }
  }

  /// The tiles and slices of the shapes of training steps and a large square, in the order of the makers.
  static let choices: [(shape: [Int], tiles: [Int], splits: [Int])] = [
    ([4096, 4096, 4096], [128, 64, 64, 32], [1, 1, 1, 1]),
    ([100, 200, 784], [64, 64, 64, 32], [3, 3, 3, 1]),
    ([100, 10, 200], [32, 32, 32, 32], [1, 1, 1, 1]),
    ([768, 512, 128], [64, 64, 64, 32], [1, 1, 1, 1]),
  ]

  @Test(arguments: choices.indices)
  func productsAreChosenByMaker(index: Int) throws {
    let (shape, tiles, splits) = Self.choices[index]
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    for (position, (maker, computeUnits)) in Self.units.enumerated() {
      let device = try Self.device(maker, computeUnits: computeUnits)
      let product = Self.product(shape[0], shape[1], shape[2], memory)
      let variant = product.ruledVariant(for: device)
      #expect(variant == .tiled(tile: tiles[position], splits: splits[position]), "\(maker)")
      #expect(product.candidates(for: device).contains(variant), "\(maker)")
    }
  }

  /// Windows of several taps go by patches of images, and to the input all that skip pixels; one tap is a product. A
  /// maker whose work-items have few registers has none for the sums of all taps.
  @Test func convolutionsAreChosenByMaker() throws {
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    func variant(
      _ maker: OpenCLDevice.Maker, _ pass: ConvolutionKernel.Pass, _ geometry: ConvolutionTests.Geometry
    ) throws -> String {
      let device = try Self.device(maker, computeUnits: 132)
      let product = ConvolutionProduct(pass, geometry.shape, operands: (memory, memory), output: memory)
      let variant = product.ruledVariant(for: device)
      #expect(product.candidates(for: device).contains(variant))
      return variant.description
    }
    let plain = ConvolutionTests.Geometry(128, 16, 16, [32, 32], [3, 3], padding: [1, 1])
    let skipping = ConvolutionTests.Geometry(128, 16, 32, [32, 32], [3, 3], strides: [2, 2], padding: [1, 1])
    let skippingPoint = ConvolutionTests.Geometry(128, 16, 32, [32, 32], [1, 1], strides: [2, 2])
    let point = ConvolutionTests.Geometry(128, 64, 64, [16, 16], [1, 1])
    #expect(try variant(.nvidia, .forward, plain) == "patch 1 32 16 8")
    #expect(try variant(.nvidia, .inputGradient, plain) == "patch 1 32 16 8")
    #expect(try variant(.nvidia, .weightGradient, plain) == "patch-weights 16 16 4 32 264")
    #expect(try variant(.nvidia, .forward, skipping).hasPrefix("patch 1 "))
    #expect(try variant(.nvidia, .inputGradient, skipping) == "patch 1 16 16 4")
    #expect(try variant(.amd, .inputGradient, skipping).hasPrefix("patch 1 "))
    #expect(try variant(.nvidia, .inputGradient, skippingPoint).hasPrefix("patch 1 "))
    #expect(try variant(.nvidia, .forward, skippingPoint).hasPrefix("tiled "))
    #expect(try variant(.nvidia, .forward, point) == "tiled 64 1")
    #expect(try variant(.amd, .forward, plain).hasPrefix("patch 1 "))
    #expect(try variant(.amd, .forward, plain).hasSuffix(" 4"))
    #expect(try variant(.amd, .weightGradient, plain).hasPrefix("tiled "))
  }

  @Test func tensorCoresGetTheLargestTileThatKeepsThemBusy() throws {
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    let device = try Self.device(.nvidia, computeUnits: 108)
    func variant(_ m: Int, _ n: Int, _ k: Int) -> Product.Variant {
      Self.product(m, n, k, memory, precision: .bf16).ruledVariant(for: device)
    }
    #expect(variant(4096, 4096, 4096) == .tensor(tile: 128, splits: 1))
    #expect(variant(768, 512, 4096) == .tensor(tile: 64, splits: 3))
    #expect(variant(100, 10, 200) == .tensor(tile: 32, splits: 1))
  }

  @Test func aDeviceTooSmallForTilesGetsTheKernelsOfProcessors() throws {
    var device = try Self.device(.other, computeUnits: 4)
    device.largestWorkGroup = 64
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    guard case .wide = Self.product(64, 64, 64, memory).ruledVariant(for: device) else {
      Issue.record("tiles take work-groups of 256")
      return
    }
  }

  /// Every row's choices for a shape of each kind, as programs on the device at hand.
  @Test(arguments: units.indices)
  func whatIsChosenComputesRight(index: Int) throws {
    let context = try TestDevice.context()
    let device = try Self.device(Self.units[index].maker, computeUnits: Self.units[index].computeUnits)
    var builder = ProgramBuilder()
    var launches: [PlannedLaunch] = []
    var checks: [(name: String, output: MemoryRange, expected: [Double])] = []
    func scratch(_ size: Int) throws -> MemoryRange? {
      size > 0 ? try context.buffer([Float](repeating: .nan, count: size / 4)) : nil
    }

    let shapes =
      TestDevice.hasTinyShapes ? [[9, 5, 7]] : [[9, 5, 7], [65, 130, 300], [33, 40, 1030], [260, 257, 33]]
    for shape in shapes {
      let (m, n, k) = (shape[0], shape[1], shape[2])
      let (a, b) = (numbers(m * k, seed: 1), numbers(k * n, seed: 2))
      let output = try context.buffer([Float](repeating: .nan, count: m * n))
      let product = Product(
        m: m, n: n, k: k, a: .init(try context.buffer(a), rowStride: k, columnStride: 1),
        b: .init(try context.buffer(b), rowStride: n, columnStride: 1),
        c: .init(output, rowStride: n, columnStride: 1))
      let variant = product.ruledVariant(for: device)
      launches += try product.plan(device, variant, scratch: try scratch(product.scratchSize(variant)), &builder)
      let expected = (0..<m * n).map { element in
        (0..<k).reduce(0.0) { $0 + Double(a[element / n * k + $1]) * Double(b[$1 * n + element % n]) }
      }
      checks.append(("\(shape) by \(variant)", output, expected))
    }

    let geometry =
      TestDevice.hasTinyShapes
      ? ConvolutionTests.geometries[1] : ConvolutionTests.Geometry(3, 36, 35, [7, 18], [3, 3])
    for pass in [ConvolutionKernel.Pass.forward, .inputGradient, .weightGradient] {
      let shape = geometry.shape
      let counts: (Int, Int, Int) =
        switch pass {
        case .forward: (shape.inputShape.count, shape.weightShape.count, shape.outputShape.count)
        case .inputGradient: (shape.outputShape.count, shape.weightShape.count, shape.inputShape.count)
        case .weightGradient: (shape.inputShape.count, shape.outputShape.count, shape.weightShape.count)
        }
      let (first, second) = (numbers(counts.0, seed: 3), numbers(counts.1, seed: 4))
      let output = try context.buffer([Float](repeating: .nan, count: counts.2))
      let product = ConvolutionProduct(
        pass, shape, operands: (try context.buffer(first), try context.buffer(second)), output: output)
      let variant = product.ruledVariant(for: device)
      launches += try product.plan(
        device, variant, scratch: try scratch(product.scratchSize(variant, device)), &builder)
      checks.append(
        (
          "\(pass) by \(variant)", output,
          ImageReference.convolution(pass, shape, { Double(first[$0]) }, { Double(second[$0]) })
        ))
    }

    try context.queue.enqueue(try launches.bind(try builder.build(context)))
    for check in checks {
      let result = try context.readFloats(check.output).map(Double.init)
      #expect(ConformanceValues.error(result, check.expected) < Tolerance.sums, "\(check.name)")
    }
  }
}
