import Apus
import Foundation

extension Reproduction {
  /// What happens while a reproduction runs, in order.
  public enum Event {
    /// The device that is computed on.
    case device(Device)
    /// Something to know, in one line.
    case note(String)
    /// A training run begins, the one of this number from 1.
    case began(name: String, number: Int, total: Int)
    /// Something happens in it.
    case training(Run, Run.Event)
    /// It has ended, or was finished in its directory already.
    case ended(name: String, number: Int, total: Int, seconds: Double, wasThere: Bool)
  }

  /// Runs everything and writes `table.txt`, `figure.svg`, `figure.png` and `result.json`, with a directory for every
  /// training run below `runs`.
  ///
  /// Runs that an earlier call has finished in the same directory are taken from there, and one that was interrupted
  /// goes on.
  ///
  /// - Parameters:
  ///   - report: told what happens.
  ///   - shouldStop: asked before every step.
  /// - Returns: the results; nil when it was asked to stop.
  /// - Throws: `TrainingError` for a setting that this build does not know, data that cannot be had, or a directory that
  ///   holds other runs.
  public func run(
    _ options: ReproductionOptions, report: (Event) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> ReproductionResult? {
    if let obstacle = obstacle(options.tier) { throw TrainingError(obstacle) }
    let start = ContinuousClock.now
    let jobs = jobs(options.tier)
    guard !jobs.isEmpty || options.dataset == nil else {
      throw TrainingError("\(name): trains on no data set; leave out --dataset")
    }
    do { try FileManager.default.createDirectory(atPath: options.directory, withIntermediateDirectories: true) } catch {
      throw TrainingError("\(options.directory): cannot be made: \(error.localizedDescription)")
    }
    var records = RunRecords(tier: options.tier)
    if !jobs.isEmpty {
      let device = try TrainingError.wrapping { try Device.open(options.device) }
      report(.device(device))
      var runner = JobRunner(options: options, device: device)
      guard try run(jobs, &runner, &records, report, shouldStop) else { return nil }
    }
    let result = ReproductionResult(
      self, options, records, seconds: start.duration(to: .now) / .seconds(1))
    try result.write(to: options.directory)
    return result
  }

  /// Runs the jobs; false when asked to stop.
  private func run(
    _ jobs: [TrainingJob], _ runner: inout JobRunner, _ records: inout RunRecords, _ report: (Event) -> Void,
    _ shouldStop: () -> Bool
  ) throws(TrainingError) -> Bool {
    if runner.options.overwrites { for job in jobs { runner.forget(job) } }
    var missing: [String: String] = [:]
    for (index, job) in jobs.enumerated() {
      if shouldStop() { return false }
      let group = String(job.name.prefix { $0 != "/" })
      if job.isOptional, let reason = missing[group] {
        records.skip(job.name, because: reason)
        continue
      }
      do throws(TrainingError) {
        let configuration = try runner.configuration(job)
        if let record = try runner.finished(job, configuration) {
          records.append(record)
          report(
            .ended(name: job.name, number: index + 1, total: jobs.count, seconds: record.seconds, wasThere: true))
          continue
        }
        let data = try runner.data(configuration)
        report(.began(name: job.name, number: index + 1, total: jobs.count))
        let record = try runner.train(
          job, configuration, data: data, report: { report(.training($0, $1)) }, shouldStop: shouldStop)
        guard let record else { return false }
        records.append(record)
        report(
          .ended(name: job.name, number: index + 1, total: jobs.count, seconds: record.seconds, wasThere: false))
      } catch {
        guard job.isOptional else { throw error }
        missing[group] = error.message
        records.skip(job.name, because: error.message)
        report(.note("left out: \(group): \(error.message)"))
      }
    }
    return true
  }
}
