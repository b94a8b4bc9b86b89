import ApusCPUKernels
import ApusExpression

/// Transforms the weights of a block.
func expandWeights(_ w: WinogradWeights) {
  packConvolutionWeights(w.weights)
  if w.weights.window == 9 {
    expand(w, WinogradOf3.self)
  } else {
    expand(w, WinogradOf5.self)
  }
}

@inline(__always)
private func expand<T: WinogradTransform>(_ w: WinogradWeights, _ transform: T.Type) {
  let packed = w.weights
  // Turned round, the window is read from its last element.
  let last = w.isReversed ? (T.window * T.window - 1) * packed.windowStride : 0
  let step = w.isReversed ? -packed.windowStride : packed.windowStride
  // The packed weights' memory is followed by room for one half-transformed vector of windows.
  let halves = packed.packed + T.window * T.window * packed.windowStride
  var lane = 0
  while lane < packed.depth * packed.width {
    let source = packed.packed + last + lane
    for column in 0..<T.window {
      T.weights(
        VectorRow(source + column * step, step: T.window * step),
        VectorPlaces(halves + column * Wide.count, step: T.window * Wide.count))
    }
    for point in 0..<T.points {
      T.weights(
        VectorRow(halves + point * T.window * Wide.count, step: Wide.count),
        VectorPlaces(w.target + lane + point * T.points * w.productStride, step: w.productStride))
    }
    lane += Wide.count
  }
}

/// Adds up parts of sums in order and transforms them back into weights.
func reduceWeights(_ s: WinogradSums) {
  if s.tiling.window == 3 {
    reduce(s, WinogradOf3.self)
  } else {
    reduce(s, WinogradOf5.self)
  }
}

@inline(__always)
private func reduce<T: WinogradTransform>(_ s: WinogradSums, _ transform: T.Type) {
  let products = T.points * T.points
  let elements = T.window * T.window
  let sums = s.scratch
  let halves = sums + products * Wide.count
  let band = halves + T.window * T.points * Wide.count
  for index in 0..<s.channelCount {
    var lane = 0
    while lane < s.width {
      let source = s.partials + (s.firstChannel + index) * s.width + lane
      for product in 0..<products {
        var sum = Wide.load(source + product * s.productStride)
        for part in 1..<max(s.count, 1) { sum = sum + .load(source + product * s.productStride + part * s.stride) }
        sum.store(sums + product * Wide.count)
      }
      for point in 0..<T.points {
        T.weightGradient(
          VectorRow(sums + point * Wide.count, step: T.points * Wide.count),
          VectorPlaces(halves + point * Wide.count, step: T.points * Wide.count))
      }
      for line in 0..<T.window {
        T.weightGradient(
          VectorRow(halves + line * T.points * Wide.count, step: Wide.count),
          VectorPlaces(band + (index * elements + line * T.window) * s.width + lane, step: s.width))
      }
      lane += Wide.count
    }
  }
  transposeBand(
    band, width: s.width, pixels: s.channelCount * elements, channels: s.features,
    s.target + s.firstChannel * elements, plane: s.featureStride)
}
