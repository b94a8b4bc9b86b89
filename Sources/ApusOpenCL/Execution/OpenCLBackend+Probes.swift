import ApusCompiler

extension OpenCLBackend {
  /// Multiply-adds on every compute unit, several work-items each.
  public func multiplyAddProbe() throws(DeviceError) -> RateProbe? {
    try DeviceError.wrapping("multiply-adds on \(device.name)") { () throws(OpenCLError) in
      let work = MultiplyAdds(device)
      let memory = try context.buffer([Float](repeating: 1, count: work.items))
      var builder = ProgramBuilder()
      let planned = try work.plan(memory, &builder)
      let launch = try planned.bind(try builder.build(context, cache: cache))
      let queue = context.queue
      return RateProbe(amount: work.operations) { () throws(DeviceError) in
        // The launch knows where its memory is, and `memory` keeps it alive.
        _ = memory
        try DeviceError.wrapping("multiply-adds") { () throws(OpenCLError) in try queue.enqueue(launch) }
      }
    }
  }

  /// The driver's own copy.
  public func copyProbe(byteCount: Int) throws(DeviceError) -> RateProbe? {
    try DeviceError.wrapping("copying on \(device.name)") { () throws(OpenCLError) in
      let source = MemoryRange(try OpenCLBuffer(context, size: byteCount))
      let copy = MemoryRange(try OpenCLBuffer(context, size: byteCount))
      let queue = context.queue
      try queue.fill(source, with: UInt8(0))
      try queue.fill(copy, with: UInt8(0))
      return RateProbe(amount: Double(2 * byteCount)) { () throws(DeviceError) in
        try DeviceError.wrapping("copying") { () throws(OpenCLError) in try queue.copy(source, to: copy) }
      }
    }
  }
}
