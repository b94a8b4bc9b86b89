import ApusCompiler

/// A model's numbers on a device: what is trained, and what is kept besides.
struct ModelState {
  /// Where each parameter lies.
  let arena: ParameterArena
  /// The parameters.
  let parameters: any DeviceBuffer
  /// Where each statistic lies.
  let statisticsArena: ParameterArena
  /// The statistics.
  let statistics: any DeviceBuffer

  /// Both, by the names that programs bind them by.
  var buffers: [String: any DeviceBuffer] {
    [ProgramInterface.parameters: parameters, ProgramInterface.statistics: statistics]
  }
}
