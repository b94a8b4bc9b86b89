import ApusOptimizers
import Foundation
import Testing

@Suite struct ScheduleTests {
  private func rates(_ text: String, steps: [Int], perEpoch: Int = 10, total: Int = 100) throws -> [Double] {
    let schedule = try Schedule(parsing: text, learningRate: 0.2)
    return steps.map { schedule.learningRate(step: $0, stepsPerEpoch: perEpoch, totalSteps: total) }
  }

  private func expectClose(_ a: [Double], _ b: [Double]) {
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) { #expect(abs(x - y) <= 1e-15, "\(a) against \(b)") }
  }

  @Test func constantStays() throws {
    expectClose(try rates("constant", steps: [1, 50, 1000]), [0.2, 0.2, 0.2])
  }

  @Test func inverseSquareRootCountsEpochsOrSteps() throws {
    expectClose(try rates("inverse-sqrt", steps: [1, 10, 11, 31]), [0.2, 0.2, 0.2 / 2.0.squareRoot(), 0.1])
    expectClose(try rates("inverse-sqrt:unit=step", steps: [1, 4, 100]), [0.2, 0.1, 0.02])
  }

  @Test func stepFallsAfterEveryFewEpochs() throws {
    expectClose(
      try rates("step:factor=0.5,every=2", steps: [1, 20, 21, 40, 41]), [0.2, 0.2, 0.1, 0.1, 0.05])
  }

  @Test func exponentialFallsEveryEpoch() throws {
    expectClose(try rates("exponential:factor=0.5", steps: [1, 10, 11, 21]), [0.2, 0.2, 0.1, 0.05])
  }

  @Test func cosineEndsAtItsMinimum() throws {
    expectClose(
      try rates("cosine:min=0.1", steps: [1, 26, 51, 101, 500]),
      [0.2, 0.15 + 0.05 * cos(.pi / 4), 0.15, 0.1, 0.1])
  }

  @Test func warmupRisesLinearlyInFrontOfAnyShape() throws {
    expectClose(try rates("constant:warmup=4", steps: [1, 2, 3, 4, 5]), [0.05, 0.1, 0.15, 0.2, 0.2])
    // The cosine starts where the warm-up ends.
    expectClose(
      try rates("cosine:min=0.0,warmup=20", steps: [10, 20, 21, 61, 101]), [0.1, 0.2, 0.2, 0.1, 0])
    expectClose(try rates("exponential:factor=0.5,warmup=20", steps: [11, 20, 21]), [0.055, 0.1, 0.05])
  }

  @Test(arguments: [
    "constant", "constant:warmup=5", "inverse-sqrt:unit=epoch", "inverse-sqrt:unit=step,warmup=3",
    "step:factor=0.3,every=7", "exponential:factor=0.97", "cosine:min=1e-05,warmup=200", "cosine:min=0.0",
  ])
  func textRoundTrips(text: String) throws {
    let schedule = try Schedule(parsing: text, learningRate: 0.01)
    #expect(schedule.description == text)
    #expect(try Schedule(parsing: schedule.description, learningRate: 0.01) == schedule)
  }

  @Test func formsStateTheDefaults() throws {
    for form in Schedule.forms {
      let name = String(form.prefix { $0 != ":" })
      #expect(try Schedule(parsing: name, learningRate: 1).description == form)
    }
  }

  @Test(arguments: [
    (
      "cosin",
      "schedule 'cosin': no such shape (did you mean 'cosine'?); known: constant, inverse-sqrt, step, "
        + "exponential, cosine"
    ),
    ("cosine:minimum=1", "schedule 'cosine:minimum=1': no setting 'minimum'; known: warmup, min"),
    ("cosine:warmpu=1", "schedule 'cosine:warmpu=1': no setting 'warmpu' (did you mean 'warmup'?); known: warmup, min"),
    ("step:every=often", "schedule 'step:every=often': every is 'often', but must be a number of epochs"),
    ("step:every", "schedule 'step:every': 'every' is not KEY=VALUE"),
    ("step:every=1,every=2", "schedule 'step:every=1,every=2': 'every' is given twice"),
    ("step:every=0", "schedule: every is 0, but must be at least 1"),
    ("step:factor=1.5", "schedule: factor is 1.5, but must be above 0 and at most 1"),
    ("exponential:factor=nan", "schedule: factor is nan, but must be above 0 and at most 1"),
    ("cosine:min=2", "schedule: min is 2.0, but must be from 0 to the learning rate"),
    ("constant:warmup=-1", "schedule: warmup is -1, but must be at least 0"),
  ])
  func mistakesAreExplained(text: String, message: String) {
    let error = #expect(throws: OptimizerError.self) { try Schedule(parsing: text, learningRate: 0.1) }
    #expect(error?.description == message)
  }

  @Test(arguments: [0, -0.1, Double.nan, .infinity])
  func learningRateHasToBePositive(rate: Double) {
    #expect(throws: OptimizerError.self) { try Schedule(learningRate: rate) }
  }
}
