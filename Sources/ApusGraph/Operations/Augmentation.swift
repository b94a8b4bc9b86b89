/// Random shifts, mirror images and holes, decided anew for each image of a batch. Operand: `[N, C, H, W]`.
///
/// In this order: the image is padded by zeros on every side and a part of its own size is cut out at a random place;
/// with probability ½ it is mirrored left to right; a square around a random centre is zeroed. Each decision is a number of
/// the counter generator at element `8 n + j` for image n: j = 0 and 1 choose the part's row and column, 2 the mirror,
/// 3 and 4 the square's centre.
///
/// Sources: He et al., 2015, arXiv:1512.03385, section 4.2 (crop and flip); DeVries and Taylor, "Improved Regularization
/// of Convolutional Neural Networks with Cutout", 2017, arXiv:1708.04552.
public struct Augmentation: OperationRule {
  /// Rows and columns of zeros on each side before a part is cut out; 0 leaves images in place.
  public let padding: Int
  /// Whether images are mirrored.
  public let flips: Bool
  /// The square's side; 0 for none. Its centre lies anywhere in the image, so part of it may fall outside.
  public let cutout: Int
  /// The random stream.
  public let stream: UInt32

  var name: String { "augmentation" }

  func type(of operands: [TensorType]) throws -> TensorType {
    guard operands[0].elementType == .float32, operands[0].shape.rank == 4 else {
      throw RuleViolation("needs float images [N, C, H, W], not \(operands[0])")
    }
    guard padding >= 0, cutout >= 0 else {
      throw RuleViolation("a padding of \(padding) or a cutout of \(cutout) is negative")
    }
    let (height, width) = (operands[0].shape[2], operands[0].shape[3])
    guard max(padding, cutout) <= max(height, width) else {
      throw RuleViolation(
        "a padding of \(padding) or a cutout of \(cutout) is more than the longer side of images of \(height)×\(width)")
    }
    return operands[0]
  }
}

extension Tensor {
  /// These images `[N, C, H, W]` randomly shifted, mirrored and with a hole, each in its own way.
  ///
  /// - Parameters:
  ///   - padding: the largest shift in rows and in columns, at most the images' longer side; what is uncovered is zero.
  ///   - flips: whether every other image is mirrored left to right.
  ///   - cutout: the side of a square of zeros, at most the images' longer side; 0 for none.
  public func augmented(
    padding: Int = 0, flips: Bool = false, cutout: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let rule = Augmentation(padding: padding, flips: flips, cutout: cutout, stream: graph.makeRandomStream())
    return apply(.augmentation(rule), at: SourceLocation(file: file, line: line))
  }
}
