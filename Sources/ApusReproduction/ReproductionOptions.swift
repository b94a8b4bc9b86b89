import Apus

/// How a reproduction is run.
public struct ReproductionOptions: Sendable {
  /// How much of it.
  public var tier = Reproduction.Tier.quick
  /// `auto`, `cpu`, `opencl`, `opencl:INDEX` or `opencl:NAME`.
  public var device = "auto"
  /// The folder with the data sets' files; nil for `APUS_DATA_DIR`, then the cache.
  public var dataFolder: String?
  /// A data set in place of the source's.
  public var dataset: String?
  /// Added to the key of every run's random numbers.
  public var seed: UInt64 = 0
  /// Where results go.
  public var directory: String
  /// Whether runs that are there already are made again.
  public var overwrites = false
  /// What fetches data that are nowhere here.
  public var downloader = Downloader()
  /// The version to name in `result.json`.
  public var version = ""

  /// The options stated above.
  public init(directory: String) { self.directory = directory }

  func runDirectory(_ job: TrainingJob) -> String { "\(directory)/runs/\(job.name)" }
}
