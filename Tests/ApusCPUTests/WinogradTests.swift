import ApusCPU
import ApusTestSupport
import Testing

@Suite struct WinogradTests {
  /// Windows that Winograd's way has, over images that its tiles do not fit.
  static let cases = [
    ConvolutionCase(description: "one pixel", channels: 1, features: 1, size: [1, 1]),
    ConvolutionCase(
      description: "one pixel, 5×5", channels: 2, features: 3, size: [1, 1], kernel: [5, 5], padding: [2, 2]),
    ConvolutionCase(description: "one over a tile", images: 3, channels: 5, features: 7, size: [5, 9]),
    ConvolutionCase(
      description: "one over a tile, 5×5", images: 3, channels: 5, features: 7, size: [9, 5], kernel: [5, 5],
      padding: [2, 2]),
    ConvolutionCase(
      description: "no padding", channels: 17, features: 33, size: [13, 11], padding: [0, 0]),
    ConvolutionCase(
      description: "no padding, 5×5", channels: 33, features: 17, size: [11, 13], kernel: [5, 5], padding: [0, 0]),
    ConvolutionCase(
      description: "one output", images: 5, channels: 3, features: 2, size: [3, 3], padding: [0, 0]),
    ConvolutionCase(
      description: "uneven padding", channels: 3, features: 20, size: [6, 23], padding: [2, 0]),
    ConvolutionCase(
      description: "uneven padding, 5×5", channels: 20, features: 3, size: [7, 19], kernel: [5, 5], padding: [4, 1]),
    ConvolutionCase(
      description: "padding beyond the window", channels: 3, features: 4, size: [5, 6], padding: [3, 3]),
    ConvolutionCase(description: "groups", channels: 10, features: 6, size: [7, 8], groups: 2),
    ConvolutionCase(
      description: "groups, 5×5", channels: 6, features: 51, size: [10, 7], kernel: [5, 5], padding: [2, 2], groups: 3),
    ConvolutionCase(
      description: "planes four kilobytes apart", images: 1, channels: 18, features: 16, size: [32, 32]),
    ConvolutionCase(
      description: "several ranges of images", images: 67, channels: 4, features: 5, size: [10, 9]),
    ConvolutionCase(
      description: "several blocks of tiles and features", images: 9, channels: 35, features: 70, size: [16, 13]),
    ConvolutionCase(
      description: "64 channels, 5×5", images: 4, channels: 64, features: 64, size: [8, 8], kernel: [5, 5],
      padding: [2, 2]),
  ]

  /// Agrees with the definition on every instruction set, and to the bit on any number of threads.
  @Test(
    arguments: (cases + ConvolutionCase.all).map(\.conformance)
      + ConformanceCase.all.filter { $0.name.contains("convolution") })
  func agreesWithTheDefinition(conformance: ConformanceCase) throws {
    let backends = Device.all.map {
      CPUBackend(kernels: $0.kernels, threadCount: $0.threadCount, convolutionMethod: .winograd)
    }
    let (expected, actual) = try conformance.results(on: backends)
    for (device, outputs) in zip(Device.all, actual) {
      for (index, output) in outputs.enumerated() {
        #expect(
          ConformanceValues.error(output, expected[index]) <= conformance.tolerance, "output \(index) on \(device)")
      }
    }
    for pair in stride(from: 0, to: actual.count, by: 2) {
      #expect(actual[pair] == actual[pair + 1], "\(Device.all[pair]) and \(Device.all[pair + 1])")
    }
  }
}
