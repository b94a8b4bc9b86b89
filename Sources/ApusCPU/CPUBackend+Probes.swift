import ApusCPUKernels
import ApusCompiler

extension CPUBackend {
  /// Multiply-adds on all threads, each on registers of its own.
  public func multiplyAddProbe() throws(DeviceError) -> RateProbe? {
    let repetitions = 64
    let operations = 2 * KernelTable.multiplyAddsPerRepetition * kernels.lanes * repetitions * pool.threadCount
    // A cache line and more for each thread.
    let stride = 64
    let results = try CPUBuffer(byteCount: pool.threadCount * stride * 4, label: "multiply-adds")
    let (kernels, pool) = (kernels, pool)
    return RateProbe(amount: Double(operations)) {
      let start = results.start.assumingMemoryBound(to: Float.self)
      pool.parallel(pool.threadCount) { _, part in kernels.multiplyAdds(repetitions, start + part * stride) }
    }
  }

  /// The C library's copy, which writes around the caches what is too large for them, on all threads.
  public func copyProbe(byteCount: Int) throws(DeviceError) -> RateProbe? {
    let source = try CPUBuffer(byteCount: byteCount, label: "source")
    let copy = try CPUBuffer(byteCount: byteCount, label: "copy")
    let pool = pool
    return RateProbe(amount: Double(2 * byteCount)) {
      pool.parallelRanges(byteCount, grain: 1 << 16, alignment: 4096) { _, range in
        (copy.start + range.lowerBound).copyMemory(from: source.start + range.lowerBound, byteCount: range.count)
      }
    }
  }
}
