import Apus

extension ChartAxis {
  /// The Adam paper's horizontal axis.
  static let epochs = ChartAxis("iterations over entire dataset (epochs)")

  static let trainingCost = ChartAxis("training cost (nats)")

  static let logarithmicTrainingCost = ChartAxis("training cost (nats)", scale: .logarithmic)
}

extension Reproduction.Source {
  /// The Adam paper.
  static func adam(_ place: String) -> Reproduction.Source {
    Reproduction.Source(
      citation: "Kingma and Ba, \"Adam: A Method for Stochastic Optimization\", ICLR 2015", place: place,
      link: "arXiv:1412.6980")
  }
}
