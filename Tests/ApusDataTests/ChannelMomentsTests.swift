import ApusData
import ApusFormats
import Testing

@Suite("Moments of channels")
struct ChannelMomentsTests {
  /// The moments by definition, in two passes.
  private func plain(_ table: Table, channel: Int) -> (mean: Double, deviation: Double) {
    let plane = table.featureCount / table.sampleShape[0]
    let values = (0..<table.count).flatMap { table.features(of: $0)[channel * plane..<(channel + 1) * plane] }.map(
      Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
  }

  @Test(arguments: [1, 700])
  func agreeWithTheirDefinition(count: Int) throws {
    let size = 3 * 2 * 5
    let bytes = (0..<count * size).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 9) }
    let floats = bytes.map { Float($0) / 64 - 1 }
    let labels = [Int32](repeating: 0, count: count)
    for features in [Table.Features.bytes(.copy(of: bytes)), .floats(.copy(of: floats))] {
      let table = Table(
        count: count, sampleShape: [3, 2, 5], features: features, scale: -0.5, shift: 0.25, labels: labels)
      let dataset = Dataset(name: "a", training: table, validation: table, classNames: ["x"])
      let moments = try #require(dataset.channelMoments)
      for channel in 0..<3 {
        let expected = plain(table, channel: channel)
        #expect(abs(moments.means[channel] - expected.mean) < 1e-5 * (1 + abs(expected.mean)))
        #expect(abs(moments.deviations[channel] - expected.deviation) < 1e-5 * expected.deviation)
      }
      #expect(dataset.channelMoments == moments && ChannelMoments(table) == moments)
    }
  }

  @Test func onlyPicturesHaveThem() throws {
    let rows = try #require(SparseRows(columnCount: 4, rowStarts: [0, 0], columns: [], values: []))
    let sparse = Table(count: 1, sampleShape: [4], features: .sparse(rows), labels: [])
    let flat = Table(count: 1, sampleShape: [4], features: .bytes(.copy(of: [1, 2, 3, 4] as [UInt8])), labels: [])
    #expect(ChannelMoments(sparse) == nil && ChannelMoments(flat) == nil)
    #expect(Dataset(name: "a", training: flat, validation: flat, classNames: []).channelMoments == nil)
    let constant = Table(
      count: 1, sampleShape: [1, 2, 2], features: .bytes(.copy(of: [7, 7, 7, 7] as [UInt8])), labels: [])
    #expect(ChannelMoments(constant) == ChannelMoments(means: [7], deviations: [0]))
  }

  @Test func theDigitsHaveThem() throws {
    let moments = try #require(Dataset.digits(trainingCount: 2000, validationCount: 1).channelMoments)
    #expect(moments.means.count == 1 && 0.05...0.3 ~= moments.means[0] && 0.1...0.5 ~= moments.deviations[0])
  }
}
