import ApusCompiler
import ApusGraph

/// How a convolution sees its patch along the rows (axis 0) and the columns: what the kernel's macros of these names say.
struct PatchView {
  /// How far the patch moves from a place to the next.
  let moves: [Int]
  /// The result's pixels that a place is: to the input, those between which the window moved.
  let phases: [Int]
  /// How far beyond its first pixel a place sees.
  private let reach: [Int]
  let taps: Int
  /// The rows of a patch that the window's rows see at a place.
  let rowsOfTaps: Int

  init(_ pass: ConvolutionKernel.Pass, _ window: Window) {
    taps = window.taps
    if pass == .inputGradient {
      moves = [1, 1]
      phases = window.strides
      reach = (0..<2).map { axis in
        let (stride, pad) = (window.strides[axis], window.padding[axis])
        let before = ((window.size[axis] - 1) * window.dilation[axis] + (stride - 1) * pad) / stride - pad
        return before + pad.divided(by: stride)
      }
    } else {
      moves = window.strides
      phases = [1, 1]
      reach = (0..<2).map { (window.size[$0] - 1) * window.dilation[$0] }
    }
    rowsOfTaps = min(window.size[0], reach[0] + 1)
  }

  var pixels: Int { phases[0] * phases[1] }

  /// How many of an image's pixels so many places in a row see along an axis.
  func length(_ axis: Int, of places: Int) -> Int { (places - 1) * moves[axis] + reach[axis] + 1 }

  /// The vectors of four that hold what one of the window's rows sees at four places.
  var vectorsOfQuad: Int { length(1, of: 4).divided(by: 4) }
}
