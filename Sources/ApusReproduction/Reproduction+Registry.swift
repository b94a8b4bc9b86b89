extension Reproduction {
  /// Every reproduction, in the order in which `apus reproduce --list` has them.
  public static let all: [Reproduction] = [
    ravine, optimizerComparison, adamFigure1, adamFigure2, adamFigure3, adamFigure4, adaboundCIFAR10, charGPT,
  ]
}
