import ApusCompiler
import ApusGraph

/// One axis of the forward product or of the input's gradient: which elements of the source make up each element of the
/// result.
struct ConvolutionAxis {
  /// The result's extent, the source's and the window's.
  let result: Int
  let source: Int
  let window: Int
  /// The distance in the result between neighbours that read neighbouring sources, and the distance of those.
  let resultStep: Int
  let sourceStep: Int
  private let padding: Int
  private let dilation: Int
  private let isForward: Bool
  /// Zeros before the source's first element, and after its last one, where it is read from a copy that has them.
  private(set) var zerosBefore = 0
  private(set) var zerosAfter = 0
  /// Whether every position reads every element of the window, or zeros.
  private(set) var isPadded = false

  init(_ shape: ConvolutionShape, _ pass: ConvolutionKernel.Pass, axis: Int) {
    let stride = shape.window.strides[axis]
    (result, source) =
      pass == .inputGradient
      ? (shape.input[axis], shape.output[axis]) : (shape.output[axis], shape.input[axis])
    (resultStep, sourceStep) = pass == .inputGradient ? (stride, 1) : (1, stride)
    window = shape.window.size[axis]
    padding = shape.window.padding[axis]
    dilation = shape.window.dilation[axis]
    isForward = pass != .inputGradient
  }

  /// An axis of a window of one element that moves over every element.
  init(extent: Int) {
    (result, source, window, resultStep, sourceStep, padding, dilation) = (extent, extent, 1, 1, 1, 0, 1)
    isForward = true
  }

  /// The same axis over a copy of the source with as many zeros at its ends as positions reach beyond it.
  var padded: ConvolutionAxis {
    let places = [0, result - 1].flatMap { position in
      (0..<window).flatMap { element in
        // Every position of a phase counts, and they advance evenly: the ends of each reach farthest.
        (0..<min(resultStep, result)).compactMap { place(of: position == 0 ? $0 : position - $0, element: element) }
      }
    }
    var copy = self
    copy.isPadded = true
    copy.zerosBefore = max(0, -(places.min() ?? 0))
    copy.zerosAfter = max(0, (places.max() ?? 0) - (source - 1))
    return copy
  }

  /// The extent of the copy.
  var paddedSource: Int { zerosBefore + source + zerosAfter }

  /// The source under an element of the window, or nil where there is none.
  func source(of position: Int, element: Int) -> Int? {
    guard let place = place(of: position, element: element) else { return nil }
    if isPadded { return place + zerosBefore }
    return place >= 0 && place < source ? place : nil
  }

  /// The same with places outside the source; nil where the result's steps leave the element out.
  private func place(of position: Int, element: Int) -> Int? {
    if isForward { return position * sourceStep - padding + element * dilation }
    let place = position + padding - element * dilation
    let quotient = place >= 0 ? place / resultStep : -((resultStep - 1 - place) / resultStep)
    return quotient * resultStep == place ? quotient : nil
  }
}

extension ConvolutionAxis {
  /// A piece of a row of the result: positions `first`, `first + resultStep`, … of which all read the same elements of
  /// the window.
  struct Piece {
    var first: Int
    var count: Int
    var elements: [Int]
    /// Whether another piece has written the positions before.
    var accumulates: Bool
  }

  /// Cuts the positions into tiles of at most so many, and each tile by the elements of the window that its positions
  /// read: near the image's edges some positions lack some elements.
  func pieces(tile: Int) -> [Piece] {
    var pieces: [Piece] = []
    for phase in 0..<min(resultStep, result) {
      let positions = Array(stride(from: phase, to: result, by: resultStep))
      let tiles = (positions.count + tile - 1) / tile
      for index in 0..<tiles {
        let part = positions[index * positions.count / tiles..<(index + 1) * positions.count / tiles]
        pieces += self.pieces(of: Array(part))
      }
    }
    return pieces
  }

  private func pieces(of positions: [Int]) -> [Piece] {
    var whole = Piece(first: positions[0], count: positions.count, elements: [], accumulates: false)
    var others: [Piece] = []
    for element in 0..<window {
      // The positions that have a source are neighbours.
      let inside = positions.filter { source(of: $0, element: element) != nil }
      guard let first = inside.first else { continue }
      if inside.count == positions.count {
        whole.elements.append(element)
      } else if let last = others.last, last.first == first, last.count == inside.count {
        others[others.count - 1].elements.append(element)
      } else {
        others.append(Piece(first: first, count: inside.count, elements: [element], accumulates: true))
      }
    }
    return [whole] + others
  }
}
