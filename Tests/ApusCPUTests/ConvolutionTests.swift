import ApusCPU
import ApusGraph
import ApusTestSupport
import Testing

/// A convolution that is carried out in a way of its own.
struct ConvolutionCase: Sendable, CustomStringConvertible {
  let description: String
  var images = 2
  var channels: Int
  var features: Int
  var size: [Int]
  var kernel = [3, 3]
  var strides = [1, 1]
  var padding = [1, 1]
  var dilation = [1, 1]
  var groups = 1

  /// The output with an epilogue, and both gradients.
  var conformance: ConformanceCase {
    ConformanceCase(description, tolerance: Tolerance.sums) { g in
      let x = g.input("x", Shape([images, channels] + size))
      let w = g.parameter("w", Shape([features, channels / groups] + kernel))
      let y = convolution(x, w, strides: strides, padding: padding, dilation: dilation, groups: groups)
      let z = y * g.input("scale", [features, 1, 1]) + g.input("residual", y.shape)
      return [z] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x, w])
    }
  }

  static let all = [
    ConvolutionCase(description: "planes two kilobytes apart", channels: 9, features: 5, size: [16, 32]),
    ConvolutionCase(
      description: "planes two kilobytes apart, strided", channels: 11, features: 17, size: [32, 32], strides: [2, 2]),
    ConvolutionCase(description: "planes too large to be copied", images: 1, channels: 9, features: 2, size: [96, 96]),
    ConvolutionCase(
      description: "rows with zeros at their ends", channels: 7, features: 19, size: [5, 41], kernel: [3, 5],
      padding: [1, 2]),
    ConvolutionCase(
      description: "rows with zeros at their ends, strided", channels: 2, features: 3, size: [6, 64], kernel: [4, 7],
      strides: [3, 3], padding: [2, 3]),
    ConvolutionCase(
      description: "few channels, dilated columns", channels: 3, features: 34, size: [4, 27], kernel: [2, 4],
      padding: [0, 3], dilation: [1, 2]),
    ConvolutionCase(description: "two parts of channels", images: 5, channels: 50, features: 33, size: [5, 4]),
    ConvolutionCase(description: "many images of few pixels", images: 150, channels: 4, features: 20, size: [4, 3]),
    ConvolutionCase(
      description: "a window wider than a tile", images: 1, channels: 1, features: 2, size: [2, 37], kernel: [1, 19],
      padding: [0, 9]),
    ConvolutionCase(
      description: "padding wider than the image", channels: 2, features: 3, size: [2, 2], kernel: [5, 5],
      padding: [4, 4]),
    ConvolutionCase(
      description: "one pixel in rows that are cut anew", channels: 5, features: 40, size: [30, 26], kernel: [1, 1],
      padding: [0, 0]),
    ConvolutionCase(
      description: "two features for each channel", images: 3, channels: 5, features: 10, size: [7, 18], groups: 5),
    ConvolutionCase(
      description: "a feature for each channel, strided and dilated", images: 3, channels: 4, features: 4,
      size: [11, 35], strides: [2, 2], padding: [2, 1], dilation: [2, 2], groups: 4),
    ConvolutionCase(
      description: "a feature for each channel, strides of three", channels: 3, features: 3, size: [10, 13],
      kernel: [2, 2], strides: [3, 3], groups: 3),
    ConvolutionCase(
      description: "a feature and a pixel for each channel", channels: 6, features: 6, size: [9, 8], kernel: [1, 1],
      padding: [0, 0], groups: 6),
    ConvolutionCase(
      description: "eight features for each channel", channels: 2, features: 16, size: [8, 9], groups: 2),
  ]
}

@Suite struct ConvolutionTests {
  /// Every way agrees with the definition on every instruction set, and to the bit on any number of threads.
  @Test(arguments: ConvolutionCase.all)
  func everyWayComputesTheSame(test: ConvolutionCase) throws {
    let devices =
      Device.all + Device.all.filter { $0.threadCount > 1 }.map { Device(kernels: $0.kernels, threadCount: 8) }
    let (expected, actual) = try test.conformance.results(on: devices.map { $0.backend() })
    for (device, outputs) in zip(devices, actual) {
      for (index, output) in outputs.enumerated() {
        #expect(
          ConformanceValues.error(output, expected[index]) <= test.conformance.tolerance, "output \(index) on \(device)"
        )
      }
      let alone = devices.firstIndex {
        $0.kernels.instructionSet == device.kernels.instructionSet && $0.threadCount == 1
      }
      if let alone { #expect(outputs == actual[alone], "\(device) and one thread") }
    }
  }
}
