extension Int {
  /// The smallest power of two that is no less; 1 for what is not positive.
  package var roundedUpToPowerOfTwo: Int {
    var power = 1
    while power < self { power *= 2 }
    return power
  }
}
