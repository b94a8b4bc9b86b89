extension Backend {
  /// Only float32, unless a backend says more.
  public func refusal(of precision: Precision) -> String? {
    precision == .float32 ? nil : "there are no tensor cores"
  }

  /// What programs can be computed in here.
  public var precisions: [Precision] { Precision.allCases.filter { refusal(of: $0) == nil } }

  /// Makes sure of a precision.
  ///
  /// - Throws: `DeviceError` with why the device lacks it and what it has.
  public func require(_ precision: Precision) throws(DeviceError) {
    guard let reason = refusal(of: precision) else { return }
    let known = precisions.map(\.rawValue).joined(separator: ", ")
    throw DeviceError("\(name) cannot compute in \(precision.rawValue): \(reason); its precisions: \(known)")
  }

  /// This device with every program computed in one precision, whatever the program asks for.
  ///
  /// - Throws: `DeviceError` where the device lacks it.
  public func computing(in precision: Precision) throws(DeviceError) -> any Backend {
    guard precision != .float32 else { return self }
    try require(precision)
    return PreciseBackend(base: self, precision: precision)
  }
}

/// A device that computes every program in one precision.
private final class PreciseBackend: Backend {
  let base: any Backend
  let precision: Precision

  init(base: any Backend, precision: Precision) {
    self.base = base
    self.precision = precision
  }

  var name: String { base.name }
  var maximumBufferSize: Int { base.maximumBufferSize }

  func refusal(of precision: Precision) -> String? { base.refusal(of: precision) }

  func makeBuffer(byteCount: Int, label: String) throws(DeviceError) -> any DeviceBuffer {
    try base.makeBuffer(byteCount: byteCount, label: label)
  }

  func makeBuffer(
    sharing bytes: UnsafeRawBufferPointer, owner: AnyObject, label: String
  ) throws(DeviceError) -> (any DeviceBuffer)? {
    try base.makeBuffer(sharing: bytes, owner: owner, label: label)
  }

  func makeWorkspace() -> any Workspace { base.makeWorkspace() }

  func prepare(
    _ program: Program, buffers: [String: any DeviceBuffer], in workspace: any Workspace
  ) throws(DeviceError) -> any Executable {
    var program = program
    program.precision = precision
    return try base.prepare(program, buffers: buffers, in: workspace)
  }

  func synchronize() throws(DeviceError) { try base.synchronize() }
  func multiplyAddProbe() throws(DeviceError) -> RateProbe? { try base.multiplyAddProbe() }
  func copyProbe(byteCount: Int) throws(DeviceError) -> RateProbe? { try base.copyProbe(byteCount: byteCount) }
}
