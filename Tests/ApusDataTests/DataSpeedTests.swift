import ApusData
import ApusFormats
import ApusTestSupport
import Foundation
import Testing

/// How fast data comes, for `Benchmarks/RESULTS.md`; run alone, as nothing else should run meanwhile.
@Suite(
  "Speed of data", .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil && dataFolder != nil,
    "needs APUS_MEASURE and APUS_DATA_DIR"))
struct DataSpeedTests {
  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start) / .seconds(1)
  }

  private func report(_ name: String, _ times: [Double], per count: Int? = nil) {
    let median = times.sorted()[times.count / 2]
    let rate = count.map { String(format: ", %.0f a second", Double($0) / median) } ?? ""
    print("\(name): \(String(format: "%.2f", median)) s\(rate)")
  }

  @Test func pictures() throws {
    let path = try #require(dataFolder) + "/cifar10-images"
    var times: [[Double]] = [[], [], []]
    for _ in 0..<5 {
      try withTemporaryFolder { folder in
        for state in 0..<2 {
          times[state].append(try seconds { _ = try Dataset(images: path, cacheFolder: folder.path) })
        }
        let dataset = try Dataset(images: path, cacheFolder: folder.path)
        times[2].append(seconds { #expect(dataset.channelMoments != nil) })
      }
    }
    report("60,000 JPEGs decoded", times[0], per: 60_000)
    report("60,000 JPEGs prepared", times[1])
    report("moments of 50,000 pictures", times[2])
  }

  @Test func reviews() throws {
    var times: [[Double]] = [[], []]
    for _ in 0..<5 {
      try withTemporaryFolder { folder in
        var options = DatasetOptions()
        options.downloader = Downloader(cacheFolder: folder.path)
        for state in 0..<2 { times[state].append(try seconds { _ = try Dataset.load("imdb", options: options) }) }
      }
    }
    report("50,000 reviews tokenized", times[0], per: 50_000)
    report("50,000 reviews prepared", times[1])
  }

  @Test func backgroundReader() throws {
    try withTemporaryFolder { folder in
      let path = try #require(dataFolder) + "/cifar10-images"
      let table = try Dataset(images: path, cacheFolder: folder.path).training
      let order = try BatchOrder(sampleCount: table.count, batchSize: 128, order: .shuffled(seed: 1))
      let reader = try BackgroundReader(table, order: order)
      var device = [UInt8](repeating: 0, count: 128 * table.featureCount)
      let steps = 5000
      for copies in [false, true] {
        let time = seconds {
          for _ in 0..<steps {
            reader.withNextBatch { batch in
              if copies { device.withUnsafeMutableBytes { $0.copyMemory(from: batch.features) } }
            }
          }
        }
        let rate = Double(steps * device.count) / time / 1e9
        print(
          "background reader\(copies ? ", each batch copied on" : ""): \(String(format: "%.1f", rate)) GB/s,",
          "\(Int(Double(steps * 128) / time)) pictures of CIFAR-10 a second")
        #expect(rate > 0)
      }
    }
  }
}
