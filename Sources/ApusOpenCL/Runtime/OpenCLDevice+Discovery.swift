import COpenCL

extension OpenCLDevice {
  /// Every device of every platform, in the order of the platforms; empty where there is no OpenCL.
  public static func all() throws(OpenCLError) -> [OpenCLDevice] {
    guard apus_opencl_load() != APUS_OPENCL_ABSENT else { return [] }
    var count: cl_uint = 0
    let code = apus_clGetPlatformIDs(0, nil, &count)
    if code == -1001 || (code == CL_SUCCESS && count == 0) { return [] }
    try check(code, "clGetPlatformIDs")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(apus_clGetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs")

    var devices: [OpenCLDevice] = []
    for case let platform? in platforms {
      for device in try handles(of: platform) {
        devices.append(try OpenCLDevice(device, platform: platform, index: devices.count))
      }
    }
    return devices
  }

  /// What was found in place of OpenCL, or the library it comes from.
  public static var library: String {
    _ = apus_opencl_load()
    return String(cString: apus_opencl_library())
  }

  /// The device of a number, or the first whose name, vendor or platform contains a text in any case.
  ///
  /// - Parameter selection: such as `1` or `nvidia`; nil chooses a GPU or accelerator if there is one, else
  ///   the first device.
  /// - Throws: `unavailable` where there is no OpenCL, `noSuchDevice` when nothing matches.
  public static func select(_ selection: String?) throws(OpenCLError) -> OpenCLDevice {
    let devices = try all()
    guard let first = devices.first else { throw OpenCLError.unavailable(library) }
    guard let selection, !selection.isEmpty else {
      return devices.first { $0.kind == .gpu } ?? devices.first { $0.kind == .accelerator } ?? first
    }
    let found: OpenCLDevice?
    if let index = Int(selection) {
      found = devices.indices.contains(index) ? devices[index] : nil
    } else {
      let wanted = selection.lowercased()
      found = devices.first { device in
        [device.name, device.vendor, device.platformName].contains { $0.lowercased().contains(wanted) }
      }
    }
    guard let found else {
      throw OpenCLError.noSuchDevice(selection: selection, available: devices.map(\.description))
    }
    return found
  }

  private static func handles(of platform: cl_platform_id) throws(OpenCLError) -> [cl_device_id] {
    let type = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    let code = apus_clGetDeviceIDs(platform, type, 0, nil, &count)
    if code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0) { return [] }
    try check(code, "clGetDeviceIDs")
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    try check(apus_clGetDeviceIDs(platform, type, count, &devices, nil), "clGetDeviceIDs")
    return devices.compactMap(\.self)
  }

  private init(_ device: cl_device_id, platform: cl_platform_id, index: Int) throws(OpenCLError) {
    func text(_ name: Int32) throws(OpenCLError) -> String {
      try OpenCLDevice.text("clGetDeviceInfo") { apus_clGetDeviceInfo(device, cl_device_info(name), $0, $1, $2) }
    }
    func number<Number: FixedWidthInteger>(_ name: Int32, _ type: Number.Type) throws(OpenCLError) -> Number {
      var value: Number = 0
      let size = MemoryLayout<Number>.size
      try check(apus_clGetDeviceInfo(device, cl_device_info(name), size, &value, nil), "clGetDeviceInfo")
      return value
    }
    func platformText(_ name: Int32) throws(OpenCLError) -> String {
      try OpenCLDevice.text("clGetPlatformInfo") {
        apus_clGetPlatformInfo(platform, cl_platform_info(name), $0, $1, $2)
      }
    }

    self.index = index
    handle = Handle(pointer: device)
    self.platform = Handle(pointer: platform)
    name = try text(CL_DEVICE_NAME)
    vendor = try text(CL_DEVICE_VENDOR)
    version = try text(CL_DEVICE_VERSION)
    driverVersion = try text(CL_DRIVER_VERSION)
    platformName = try platformText(CL_PLATFORM_NAME)
    platformVersion = try platformText(CL_PLATFORM_VERSION)
    let type = Int(try number(CL_DEVICE_TYPE, cl_device_type.self))
    kind =
      type & Int(CL_DEVICE_TYPE_GPU) != 0
      ? .gpu
      : type & Int(CL_DEVICE_TYPE_CPU) != 0
        ? .cpu : type & Int(CL_DEVICE_TYPE_ACCELERATOR) != 0 ? .accelerator : .other
    style = kind == .cpu ? .wide : .tiled
    computeUnits = max(1, Int(try number(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self)))
    clockMegahertz = Int(try number(CL_DEVICE_MAX_CLOCK_FREQUENCY, cl_uint.self))
    globalMemory = Int(clamping: try number(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self))
    largestAllocation = Int(clamping: try number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self))
    localMemory = Int(clamping: try number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self))
    largestWorkGroup = try number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self)
    preferredVectorWidth = Int(try number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, cl_uint.self))
    extensions = try text(CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init)
    maker = Maker(vendor: vendor)
    if extensions.contains("cl_nv_device_attribute_query") {
      computeCapability = (
        Int(try number(OpenCLDevice.capabilityMajor, cl_uint.self)),
        Int(try number(OpenCLDevice.capabilityMinor, cl_uint.self))
      )
    } else {
      computeCapability = nil
    }
    tensorCores = computeCapability.map { $0.major >= 8 ? .instructions : .absent } ?? .absent
    let precision = try number(CL_DEVICE_SINGLE_FP_CONFIG, cl_device_fp_config.self)
    hasCorrectlyRoundedDivision = Int(precision) & Int(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
  }

  /// `CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV` and `_MINOR_NV` of the extension cl_nv_device_attribute_query.
  private static let capabilityMajor: Int32 = 0x4000
  private static let capabilityMinor: Int32 = 0x4001

  private static func text(
    _ call: String,
    _ query: (_ capacity: Int, _ value: UnsafeMutableRawPointer?, _ size: UnsafeMutablePointer<Int>?) -> cl_int
  ) throws(OpenCLError) -> String {
    var size = 0
    try check(query(0, nil, &size), call)
    guard size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    try check(query(size, &bytes, nil), call)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension OpenCLDevice.Maker {
  /// Who is behind a vendor's name.
  fileprivate init(vendor: String) {
    let name = vendor.lowercased()
    self =
      if name.contains("nvidia") { .nvidia } else if name.contains("advanced micro devices") || name.hasPrefix("amd") {
        .amd
      } else if name.contains("intel") { .intel } else { .other }
  }
}
