import ApusData
import Testing

@Suite("Generated digits")
struct DigitsTests {
  @Test func theSameBytesOnEveryMachine() {
    let dataset = Dataset.digits(trainingCount: 500, validationCount: 500)
    #expect(dataset.training.labels.prefix(10) == [0, 3, 2, 3, 8, 7, 2, 6, 2, 3])
    #expect(dataset.training.features.block?.withBytes(MD5.hexadecimal) == "acb359012052728cd307a95d0f59e3ef")
    #expect(dataset.validation.features.block?.withBytes(MD5.hexadecimal) == "4382339d4af758c24540c1fa4c5057cb")
  }

  @Test func shapesCountsAndClasses() throws {
    let dataset = try Dataset.load("digits")
    #expect(dataset.training.count == 60_000 && dataset.validation.count == 10_000)
    #expect(dataset.sampleShape == [1, 28, 28] && dataset.classCount == 10)
    let counts = dataset.training.labels.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1)] += 1 }
    #expect(counts.allSatisfy { 5700...6300 ~= $0 })
  }

  @Test func aSmallerSetIsTheBeginning() {
    let small = Dataset.digits(trainingCount: 300, validationCount: 1).training
    let large = Dataset.digits(trainingCount: 600, validationCount: 1).training.prefix(300)
    #expect(small.labels == large.labels)
    #expect(small.features.block?.withBytes { Array($0) } == large.features.block?.withBytes { Array($0) })
  }

  /// Every picture holds a digit of visible ink, and no two are alike.
  @Test func picturesHoldInkAndDiffer() {
    let table = Dataset.digits(trainingCount: 2000, validationCount: 1).training
    let pictures = (0..<table.count).map { table.features(of: $0) }
    for picture in pictures { #expect(picture.count { $0 > 0.5 } >= 12) }
    #expect(Set(pictures).count == pictures.count)
  }
}
