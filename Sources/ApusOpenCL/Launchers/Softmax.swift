/// Plans softmax cross-entropy with integer labels, its gradient, or both in one launch.
package struct SoftmaxCrossEntropy {
  /// `[rows, columns]` floats, contiguous along the columns.
  let logits: TensorView
  /// An int for each row; one outside the columns gives a loss of NaN and a gradient of 0.
  let labels: MemoryRange

  package init(logits: TensorView, labels: MemoryRange) {
    self.logits = logits
    self.labels = labels
  }

  /// The gradient with respect to the logits.
  package struct Gradient {
    /// As the logits, and perhaps in their place.
    let view: TensorView
    let upstream: Upstream

    package init(_ view: TensorView, upstream: Upstream) {
      self.view = view
      self.upstream = upstream
    }
  }

  /// What each loss is multiplied by further on.
  package enum Upstream {
    case constant(Float)
    /// `[rows]` floats with stride 1, or 0 for one that serves all rows.
    case rows(TensorView)
  }

  /// Adds the kernel and plans its launch.
  ///
  /// - Parameters:
  ///   - losses: a float for each row; nil where they are not wanted.
  ///   - gradient: nil where it is not wanted.
  package func plan(
    losses: MemoryRange?, gradient: Gradient?, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    let kernel = "softmax_cross_entropy"
    var arguments: [KernelArgument] = [.memory(labels)]
    var macros = ["LOSSES": losses == nil ? "0" : "1", "GRADIENT": gradient == nil ? "0" : "1"]
    if let losses { arguments.append(.memory(losses)) }
    if let gradient {
      guard gradient.view.shape == logits.shape, gradient.view.strides[1] == 1 else {
        throw OpenCLError.launch(kernel: kernel, "the gradient does not fit the logits.")
      }
      arguments += [.memory(gradient.view.memory), .elements(gradient.view.strides[0])]
      switch gradient.upstream {
      case .constant(let value):
        macros["UPSTREAM"] = "0"
        arguments.append(.float(value))
      case .rows(let upstream):
        guard upstream.strides.count == 1 else {
          throw OpenCLError.launch(kernel: kernel, "the upstream has more than one number for a row.")
        }
        arguments += [.memory(upstream.memory), .elements(upstream.strides[0])]
      }
    }
    return try SoftmaxRows(logits: logits).plan(kernel, device, arguments, macros: macros, &builder)
  }
}

/// Plans the softmax of rows of logits, and the logarithm of its denominator.
package struct SoftmaxRows {
  /// `[rows, columns]` floats, contiguous along the columns.
  let logits: TensorView

  package init(logits: TensorView) { self.logits = logits }

  /// Adds the kernel of the probabilities and plans its launch.
  ///
  /// - Parameter probabilities: as the logits, and perhaps in their place.
  package func planProbabilities(
    _ probabilities: TensorView, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard probabilities.shape == logits.shape, probabilities.strides[1] == 1 else {
      throw OpenCLError.launch(kernel: "softmax", "the probabilities do not fit the logits.")
    }
    let arguments: [KernelArgument] = [.memory(probabilities.memory), .elements(probabilities.strides[0])]
    return try plan("softmax", device, arguments, &builder)
  }

  /// Adds the kernel of the rows' log Σ exp, a float for each row, and plans its launch.
  package func planLogSums(
    _ logSums: MemoryRange, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    try plan("log_sum_exp", device, [.memory(logSums)], &builder)
  }

  /// One of the file's kernels; all begin with the logits.
  fileprivate func plan(
    _ kernel: String, _ device: OpenCLDevice, _ arguments: [KernelArgument], macros: [String: String] = [:],
    _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard logits.shape.count == 2, logits.strides[1] == 1 || logits.shape[1] == 1 else {
      throw OpenCLError.launch(kernel: kernel, "the logits are not rows of contiguous columns.")
    }
    let (rows, columns) = (logits.shape[0], logits.shape[1])
    let local: Int
    let rowsPerGroup: Int
    switch device.style {
    case .wide:
      local = 1
      rowsPerGroup = RowSplit(device, rows: rows, work: 16 * columns.divided(by: 16)).rowsPerItem
    case .tiled:
      local = min(max(32, columns.roundedUpToPowerOfTwo), 256, device.largestWorkGroup)
      rowsPerGroup = 1
    }
    let suffix = try builder.add(
      KernelInstance(
        template: "softmax",
        macros: macros.merging(["LOCAL": "\(local)", "WIDTH": device.style == .wide ? "16" : "1"]) { $1 }))
    let fixed: [KernelArgument] = [
      .size(rows), .size(columns), .size(rowsPerGroup), .memory(logits.memory), .elements(logits.strides[0]),
    ]
    return PlannedLaunch(
      suffix.name(of: kernel), fixed + arguments, groups: [rows.divided(by: rowsPerGroup)], local: [local])
  }
}
