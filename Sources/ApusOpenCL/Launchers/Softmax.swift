/// Plans softmax cross-entropy with integer labels, and its gradient.
package struct SoftmaxCrossEntropy {
  /// `[rows, columns]` floats, contiguous along the columns.
  let logits: TensorView
  /// An int for each row; one outside the columns leaves its row out.
  let labels: MemoryRange

  package init(logits: TensorView, labels: MemoryRange) {
    self.logits = logits
    self.labels = labels
  }

  /// Adds the kernel of the losses, a float for each row, and plans its launch.
  package func planLosses(
    _ losses: MemoryRange, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    try plan("softmax_cross_entropy", device, [.memory(losses)], &builder)
  }

  /// Adds the kernel of the gradient with respect to the logits and plans its launch.
  ///
  /// - Parameters:
  ///   - gradient: as the logits, and perhaps in their place.
  ///   - upstream: `[rows]` floats with stride 1, or 0 for one that serves all rows.
  package func planGradient(
    _ gradient: TensorView, upstream: TensorView, _ device: OpenCLDevice, _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    guard upstream.strides.count == 1, gradient.shape == logits.shape, gradient.strides[1] == 1 else {
      throw OpenCLError.launch(kernel: "softmax_cross_entropy_gradient", "its views do not fit the logits.")
    }
    let arguments: [KernelArgument] = [
      .memory(upstream.memory), .elements(upstream.strides[0]), .memory(gradient.memory),
      .elements(gradient.strides[0]),
    ]
    return try plan("softmax_cross_entropy_gradient", device, arguments, &builder)
  }

  private func plan(
    _ kernel: String, _ device: OpenCLDevice, _ arguments: [KernelArgument], _ builder: inout ProgramBuilder
  ) throws(OpenCLError) -> PlannedLaunch {
    try SoftmaxRows(logits: logits).plan(kernel, device, [.memory(labels)] + arguments, &builder)
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
    _ kernel: String, _ device: OpenCLDevice, _ arguments: [KernelArgument], _ builder: inout ProgramBuilder
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
        macros: ["LOCAL": "\(local)", "WIDTH": device.style == .wide ? "16" : "1"]))
    let fixed: [KernelArgument] = [
      .size(rows), .size(columns), .size(rowsPerGroup), .memory(logits.memory), .elements(logits.strides[0]),
    ]
    return PlannedLaunch(
      suffix.name(of: kernel), fixed + arguments, groups: [rows.divided(by: rowsPerGroup)], local: [local])
  }
}
