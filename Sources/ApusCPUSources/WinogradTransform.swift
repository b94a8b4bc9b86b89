import ApusCPUKernels
import ApusExpression

/// Vectors at even distances.
struct VectorRow {
  let first: UnsafePointer<Float>
  let step: Int

  @inline(__always)
  init(_ first: UnsafePointer<Float>, step: Int) { (self.first, self.step) = (first, step) }

  @inline(__always)
  subscript(_ index: Int) -> Wide { .load(first + index * step) }
}

/// Places of vectors at even distances.
struct VectorPlaces {
  let first: UnsafeMutablePointer<Float>
  let step: Int

  @inline(__always)
  init(_ first: UnsafeMutablePointer<Float>, step: Int) { (self.first, self.step) = (first, step) }

  @inline(__always)
  subscript(_ index: Int) -> Wide {
    get { .load(first + index * step) }
    nonmutating set { newValue.store(first + index * step) }
  }
}

/// The one-dimensional transforms of a minimal filter: 4 sums of `window` terms each from `points` products.
///
/// Weights and pixels are coefficients of polynomials, whose product's values at the points make up the filter's
/// result. The points are 0, pairs ±a, and infinity (the leading coefficient), in this order. With a pair, the even and the
/// odd part of a polynomial are computed once. The weights' values are divided by what the pixels' lack: the
/// polynomials by which `input` interpolates have leading coefficients of 1.
///
/// The points decide about the errors, which come from sums that cancel. Of pairs of multiples of a sixteenth, ±3/4 and ±3/2
/// are among the best for 6 products (±1 and ±2 lose two bits more); for 8 products it is the usual ±1/2, ±1 and ±2, as
/// measured with images and weights of 16 and 64 channels.
///
/// Source: Winograd, "Arithmetic Complexity of Computations", SIAM 1980; for the points, Barabasz et al., "Error Analysis
/// and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", ACM TOMS 46(4), 2020.
protocol WinogradTransform {
  static var window: Int { get }
  static var points: Int { get }

  /// `points` pixels into as many values.
  static func input(_ x: VectorRow, _ v: VectorPlaces)
  /// `window` weights into `points` values.
  static func weights(_ w: VectorRow, _ u: VectorPlaces)
  /// `points` products into 4 pixels.
  static func output(_ m: VectorRow, _ y: VectorPlaces)
  /// 4 pixels of the output's gradient into `points` values: the transpose of `output`.
  static func outputGradient(_ y: VectorRow, _ m: VectorPlaces)
  /// `points` sums of products into the gradient of `window` weights: the transpose of `weights`.
  static func weightGradient(_ u: VectorRow, _ w: VectorPlaces)
}

extension WinogradTransform {
  /// The sums that are computed: `WinogradTiling.extent`, where the compiler sees it.
  @inline(__always) static var outputs: Int { 4 }
}
