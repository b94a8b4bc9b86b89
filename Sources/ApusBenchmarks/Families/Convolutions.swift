import Apus

/// A convolution with stride and padding, in one of its three products.
struct ConvolutionBenchmark {
  /// The layer: how many images of how many channels and rows, and how many features of what size.
  struct Layer {
    let images: Int
    let channels: Int
    let side: Int
    let features: Int
    let size: Int
    var stride = 1
    var isQuick = false

    var shape: ConvolutionShape {
      let window = Window(size: [size, size], strides: [stride, stride], padding: [size / 2, size / 2])
      let output = (0..<2).map { window.positions(over: side, axis: $0) }
      return ConvolutionShape(
        images: images, channels: channels, features: features, groups: 1, input: [side, side], output: output,
        window: window)
    }
  }

  let layer: Layer
  let pass: ConvolutionKernel.Pass

  static let family = BenchmarkFamily(
    "convolution", "convolutions and their gradients, N×C×H×W and O×KH×KW, stride",
    of: layers.flatMap { layer in
      [ConvolutionKernel.Pass.forward, .inputGradient, .weightGradient].map {
        ConvolutionBenchmark(layer: layer, pass: $0)
      }
    }
  ) { $0.benchmark }

  private static let layers = [
    // cnn
    Layer(images: 100, channels: 1, side: 28, features: 32, size: 3),
    Layer(images: 100, channels: 32, side: 14, features: 64, size: 3, isQuick: true),
    // adam-cnn
    Layer(images: 128, channels: 3, side: 32, features: 64, size: 5),
    Layer(images: 128, channels: 64, side: 15, features: 64, size: 5, isQuick: true),
    Layer(images: 128, channels: 64, side: 7, features: 128, size: 5),
    // resnet20
    Layer(images: 128, channels: 3, side: 32, features: 16, size: 3),
    Layer(images: 128, channels: 16, side: 32, features: 16, size: 3, isQuick: true),
    Layer(images: 128, channels: 16, side: 32, features: 32, size: 3, stride: 2),
    Layer(images: 128, channels: 32, side: 16, features: 32, size: 3),
    Layer(images: 128, channels: 32, side: 16, features: 64, size: 3, stride: 2),
    Layer(images: 128, channels: 64, side: 8, features: 64, size: 3),
    // resnet34
    Layer(images: 32, channels: 64, side: 32, features: 64, size: 3),
    Layer(images: 32, channels: 512, side: 4, features: 512, size: 3),
    Layer(images: 32, channels: 64, side: 32, features: 128, size: 1, stride: 2),
  ]

  private var benchmark: KernelBenchmark {
    let shape = layer.shape
    let name =
      "convolution \(pass.rawValue) \(layer.images)×\(layer.channels)×\(layer.side)×\(layer.side) "
      + "\(layer.features)×\(layer.size)×\(layer.size)" + (layer.stride > 1 ? " stride \(layer.stride)" : "")
    let bytes = 4 * (shape.inputShape.count + shape.outputShape.count + shape.weightShape.count)
    return KernelBenchmark(name, .computing(shape.operationCount, bytes: bytes), isQuick: layer.isQuick) { graph in
      let x = graph.input("x", shape.inputShape)
      let weights = graph.input("weights", shape.weightShape)
      let y = convolution(x, weights, strides: shape.window.strides, padding: shape.window.padding)
      switch pass {
      case .forward: return [y]
      case .inputGradient: return y.gradients(with: [x])
      case .weightGradient: return y.gradients(with: [weights])
      }
    }
  }
}

extension Tensor {
  /// What reaches `sources` when this tensor's gradient is an input of its own.
  func gradients(with sources: [Tensor]) -> [Tensor] {
    gradient(of: (self * graph.input("upstream", shape)).sum(), with: sources)
  }
}
