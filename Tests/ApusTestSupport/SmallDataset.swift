import ApusData
import ApusExpression
import ApusFormats

extension Dataset {
  /// Points around `classCount` centres in the plane of a few features: learnt in a few steps, and small enough
  /// for the reference backend.
  public static func clusters(
    training: Int = 60, validation: Int = 25, features: Int = 6, classCount: Int = 3
  ) -> Dataset {
    let philox = Philox(seed: 11)
    func table(_ count: Int, step: UInt32) -> Table {
      var values: [Float] = []
      var labels: [Int32] = []
      for sample in 0..<count {
        let label = sample % classCount
        labels.append(Int32(label))
        for feature in 0..<features {
          let noise = philox.uniform(element: sample * features + feature, step: step, stream: 1) - 0.5
          values.append(noise + (feature % classCount == label ? 1 : 0))
        }
      }
      return Table(
        count: count, sampleShape: [features], features: .floats(.copy(of: values)), labels: labels)
    }
    return Dataset(
      name: "clusters", training: table(training, step: 0), validation: table(validation, step: 1),
      classNames: (0..<classCount).map { "class \($0)" })
  }
}
