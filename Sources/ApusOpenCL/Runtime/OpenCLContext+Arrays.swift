extension OpenCLContext {
  /// Copies an array to the device.
  package func write<Element: BitwiseCopyable>(_ values: [Element], to range: MemoryRange) throws(OpenCLError) {
    var result: Result<Void, OpenCLError> = .success(())
    values.withUnsafeBytes { bytes in
      do throws(OpenCLError) { try queue.write(bytes, to: range) } catch { result = .failure(error) }
    }
    try result.get()
  }

  /// A buffer that holds a copy of an array.
  package func buffer<Element: BitwiseCopyable>(_ values: [Element]) throws(OpenCLError) -> MemoryRange {
    let buffer = try OpenCLBuffer(self, size: values.count * MemoryLayout<Element>.stride)
    try write(values, to: MemoryRange(buffer))
    return MemoryRange(buffer)
  }

  /// Reads device memory when everything enqueued before is done.
  package func read<Element: BitwiseCopyable>(
    _ range: MemoryRange, repeating filler: Element
  ) throws(OpenCLError) -> [Element] {
    var values = [Element](repeating: filler, count: range.size / MemoryLayout<Element>.stride)
    var result: Result<Void, OpenCLError> = .success(())
    values.withUnsafeMutableBytes { bytes in
      do throws(OpenCLError) { try queue.read(range, into: bytes) } catch { result = .failure(error) }
    }
    try result.get()
    return values
  }

  /// Reads floats.
  package func readFloats(_ range: MemoryRange) throws(OpenCLError) -> [Float] { try read(range, repeating: 0) }

  /// Reads 32-bit integers.
  package func readInts(_ range: MemoryRange) throws(OpenCLError) -> [Int32] { try read(range, repeating: 0) }
}
