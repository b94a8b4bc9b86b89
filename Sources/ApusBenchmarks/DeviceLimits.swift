import Apus

/// The most that a device has been seen to do: what figures are compared with.
public struct DeviceLimits: Sendable {
  /// The rate at which buffers of some size are copied.
  public struct CopyRate: Sendable, Hashable {
    /// Bytes read and written by one copy.
    public let bytes: Double
    /// Bytes read and written a second.
    public let rate: Double

    /// A rate as found.
    public init(bytes: Double, rate: Double) {
      self.bytes = bytes
      self.rate = rate
    }
  }

  /// Operations a second of multiply-adds that stay in registers, two for each; nil on a device without such a kernel.
  public let multiplyAddRate: Double?
  /// By size, ascending; the last one is of the memory and not of a cache.
  public let copyRates: [CopyRate]

  /// Limits as found.
  public init(multiplyAddRate: Double?, copyRates: [CopyRate]) {
    self.multiplyAddRate = multiplyAddRate
    self.copyRates = copyRates
  }

  /// Bytes read and written a second by a copy that no cache holds.
  public var memoryBandwidth: Double { copyRates.last?.rate ?? 0 }

  /// Bytes a second for work that moves so many: the best of the copies that are as large, so that what fits a cache is
  /// compared with copies that fit it, and small copies' launches do not lower the limit.
  public func bandwidth(moving bytes: Double) -> Double {
    copyRates.filter { $0.bytes >= bytes }.map(\.rate).max() ?? memoryBandwidth
  }

  /// How near a time is to the least that the limits allow, for arithmetic and for memory whichever takes longer; nil for
  /// work that neither limits.
  public func share(of work: Work, seconds: Double) -> Double? {
    guard work.unit != .latency else { return nil }
    let arithmetic = multiplyAddRate.map { work.operations / $0 } ?? 0
    let memory = work.bytes > 0 ? work.bytes / bandwidth(moving: work.bytes) : 0
    let least = max(arithmetic, memory)
    return least > 0 && least.isFinite ? least / seconds : nil
  }
}

extension DeviceLimits {
  /// Bytes that the copies read and write: from what the fastest cache holds to what none does.
  private static let copySizes = [1 << 15, 1 << 17, 1 << 19, 1 << 21, 1 << 23, 1 << 25, 1 << 28]

  /// Finds a device's limits, in about two seconds.
  public static func measured(
    on backend: any Backend, plan: MeasurementPlan = MeasurementPlan(rounds: 5, roundSeconds: 0.02, limit: 0.5)
  ) throws -> DeviceLimits {
    func rate(_ probe: RateProbe) throws(DeviceError) -> Double {
      // The best round counts and not the middle one: a limit is what can be reached.
      probe.amount / (try plan.measure(probe.run) { () throws(DeviceError) in try backend.synchronize() }.rounds[0])
    }
    let copies = try copySizes.filter { $0 / 2 <= backend.maximumBufferSize }.map { bytes in
      let compiled = try compiledCopy(byteCount: bytes / 2, on: backend)
      let own = try backend.copyProbe(byteCount: bytes / 2)
      return CopyRate(bytes: Double(bytes), rate: max(try rate(compiled), try own.map(rate) ?? 0))
    }
    return DeviceLimits(multiplyAddRate: try backend.multiplyAddProbe().map(rate), copyRates: copies)
  }

  /// A copy as the compiler makes one.
  private static func compiledCopy(byteCount: Int, on backend: any Backend) throws -> RateProbe {
    let graph = Graph()
    let source = graph.input("source", [byteCount / 4])
    let program = try compile(graph, outputs: [ProgramOutput(source, to: .init(buffer: "copy"))])
    let prepared = try PreparedBenchmark(.moving(2 * byteCount), program, on: backend)
    return RateProbe(amount: prepared.work.bytes, run: prepared.run)
  }
}
