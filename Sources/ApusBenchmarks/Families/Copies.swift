import Apus

/// Copies between host and device.
struct CopyBenchmark {
  let byteCount: Int
  let isQuick: Bool

  static let family = BenchmarkFamily(
    "copy", "copies to the device and from it",
    of: [1 << 12, 1 << 16, 1 << 20, 1 << 26].map { CopyBenchmark(byteCount: $0, isQuick: $0 == 1 << 26) }
  ) { [$0.toDevice, $0.fromDevice] }

  private func benchmark(
    _ direction: String,
    run: @escaping @Sendable (any DeviceBuffer, UnsafeMutableRawBufferPointer) throws(DeviceError) -> Void
  ) -> KernelBenchmark {
    let work = Work.moving(byteCount)
    return KernelBenchmark("copy \(direction) \(byteCount)", work, isQuick: isQuick) { backend in
      let buffer = try backend.makeBuffer(byteCount: byteCount, label: "copy")
      let host = HostMemory(byteCount: byteCount)
      return PreparedBenchmark(work, program: nil, on: backend) { () throws(DeviceError) in
        try run(buffer, host.bytes)
      }
    }
  }

  private var toDevice: KernelBenchmark {
    benchmark("to-device") { (buffer, host) throws(DeviceError) in try buffer.write(UnsafeRawBufferPointer(host), at: 0)
    }
  }
  private var fromDevice: KernelBenchmark {
    benchmark("from-device") { (buffer, host) throws(DeviceError) in try buffer.read(into: host, at: 0) }
  }
}

/// Memory of the host that lives as long as this object.
private final class HostMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 4096)
    bytes.initializeMemory(as: UInt8.self, repeating: 1)
  }

  deinit { bytes.deallocate() }
}
