import ApusCompiler
import ApusGraph
import ApusTestSupport
import Testing

import ApusOpenCL

@Suite(.serialized, .enabled(if: TestDevice.isPresent, TestDevice.reason))
struct WinogradTests {
  /// Every convolution of the conformance suite in tiles, those included for which the rules prefer direct sums.
  @Test(arguments: ConformanceCase.all.filter { $0.name.contains("convolution") })
  func tilesComputeWhatTheGraphSays(conformance: ConformanceCase) throws {
    var device = try #require(TestDevice.first)
    device.style = .wide
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    let listing = ConvolutionListing(try OpenCLBackend(device, tuning: TuningTable()), memory)
    #expect(throws: DeviceError.self) { try conformance.errors(on: listing) }
    var table = TuningTable()
    for product in listing.products where product.candidates(for: device).contains(.winograd) {
      table.choices[product.tuningKey] = .init(variant: "winograd", seconds: 1)
    }
    guard !table.choices.isEmpty else { return }
    for error in try conformance.errors(on: try OpenCLBackend(device, tuning: table)) {
      #expect(error <= conformance.tolerance)
    }
  }

  /// The layers of the image models.
  @Test(arguments: [
    (channels: 3, features: 64, side: 32, size: 5, isFaster: false),
    (channels: 3, features: 16, side: 32, size: 3, isFaster: false),
    (channels: 64, features: 64, side: 15, size: 5, isFaster: true),
    (channels: 64, features: 128, side: 7, size: 5, isFaster: true),
    (channels: 64, features: 64, side: 8, size: 3, isFaster: true),
    (channels: 32, features: 64, side: 14, size: 3, isFaster: true),
    (channels: 16, features: 16, side: 32, size: 3, isFaster: false),
    (channels: 64, features: 64, side: 8, size: 1, isFaster: false),
    // The transformed weights alone take 36 MB.
    (channels: 512, features: 512, side: 4, size: 3, isFaster: false),
  ])
  func tilesAreTakenWhereTheyPay(channels: Int, features: Int, side: Int, size: Int, isFaster: Bool) throws {
    var device = try #require(TestDevice.first)
    device.style = .wide
    let window = Window(size: [size, size], padding: [size / 2, size / 2])
    let shape = ConvolutionShape(
      images: 128, channels: channels, features: features, groups: 1, input: [side, side], output: [side, side],
      window: window)
    let memory = MemoryRange(try OpenCLBuffer(try TestDevice.context(), size: 4))
    for pass in [ConvolutionKernel.Pass.forward, .inputGradient, .weightGradient] {
      let product = ConvolutionProduct(pass, shape, operands: (memory, memory), output: memory)
      #expect(product.ruledVariant(for: device) == (isFaster ? .winograd : .wide), "\(pass)")
      #expect(product.scratchSize(.winograd, device) <= 16 << 20)
    }
  }
}

/// Lists the convolutions of programs and runs none.
private final class ConvolutionListing: Backend, @unchecked Sendable {
  private let base: OpenCLBackend
  /// Stands for the operands.
  private let memory: MemoryRange
  private(set) var products: [ConvolutionProduct] = []

  init(_ base: OpenCLBackend, _ memory: MemoryRange) { (self.base, self.memory) = (base, memory) }

  var name: String { base.name }
  var maximumBufferSize: Int { base.maximumBufferSize }

  func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    try base.makeBuffer(byteCount: byteCount, label: label)
  }

  func makeWorkspace() -> any Workspace { base.makeWorkspace() }

  func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable {
    for instruction in program.instructions {
      guard case .convolution(let kernel) = instruction.kernel else { continue }
      products.append(ConvolutionProduct(kernel.pass, kernel.shape, operands: (memory, memory), output: memory))
    }
    throw DeviceError("programs are only listed")
  }

  func synchronize() throws(DeviceError) {}
}
