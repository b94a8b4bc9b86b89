import Foundation
import Testing

import ApusOpenCL

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct RuntimeTests {
  @Test func devicesAreDescribed() throws {
    let devices = try OpenCLDevice.all()
    #expect(devices.map(\.index) == Array(devices.indices))
    for device in devices {
      #expect(!device.name.isEmpty)
      #expect(!device.platformVersion.isEmpty)
      #expect(device.largestAllocation > 1 << 20)
      #expect(device.globalMemory >= device.largestAllocation)
      #expect(device.largestWorkGroup >= 1)
    }
  }

  #if os(Linux)
    /// PoCL's threads have a processor each, where nobody has chosen otherwise for this process.
    @Test(.enabled(if: TestDevice.first?.platformName == "Portable Computing Language"))
    func threadsOfPoCLStayInPlace() throws {
      let context = try TestDevice.context()
      try context.queue.finish()
      let choices = ["AFFINITY", "MAX_PTHREAD_COUNT", "CPU_MAX_CU_COUNT", "MAX_COMPUTE_UNITS", "PTHREAD_MIN_THREADS"]
      // What the process was started with, whatever was set since.
      let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/environ"))
      let variables = Set(
        environment.split(separator: 0).map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) })
      /// The processors that a thread may run on, such as `0-3`.
      func processors(of thread: String) throws -> String? {
        let status = try String(contentsOfFile: "/proc/self/task/\(thread)/status", encoding: .utf8)
        return status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?
          .split(separator: "\t").last.map(String.init)
      }
      let count = ProcessInfo.processInfo.processorCount
      let all = count > 1 ? "0-\(count - 1)" : "0"
      let own = try #require(try processors(of: "\(getpid())"))
      let isFree = own == all && variables.isDisjoint(with: choices.map { "POCL_\($0)" })
      let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
      // A thread may have ended since the folder was read.
      let places = Set(threads.compactMap { try? processors(of: $0) })
      if isFree { #expect(places.isSuperset(of: (0..<count).map(String.init))) }
      if !isFree && !variables.contains("POCL_AFFINITY") { #expect(places == [own]) }
    }
  #endif

  @Test func devicesAreSelectedByNumberOrName() throws {
    let first = try #require(TestDevice.first)
    #expect(try OpenCLDevice.select("0").index == 0)
    let part = String(first.platformName.prefix(5)).uppercased()
    #expect(try OpenCLDevice.select(part).index == 0)
    #expect(throws: OpenCLError.self) { try OpenCLDevice.select("9999") }
    do throws(OpenCLError) {
      _ = try OpenCLDevice.select("no such device")
      Issue.record("a device answers to a name that none has")
    } catch {
      #expect(error.description.contains("'no such device'"))
      #expect(error.description.contains(first.name))
    }
  }

  @Test func memoryIsWrittenReadFilledAndCopied() throws {
    let context = try TestDevice.context()
    let source = (0..<1000).map { Float($0) * 0.5 }
    let a = try OpenCLBuffer(context, size: 4000)
    let b = try OpenCLBuffer(context, size: 8000)
    try context.write(source, to: MemoryRange(a))
    try context.queue.fill(MemoryRange(b), with: Float(-1))
    try context.queue.copy(MemoryRange(a, offset: 400, size: 2000), to: MemoryRange(b, offset: 800, size: 2000))
    let result = try context.readFloats(MemoryRange(b))
    #expect(result[0..<200].allSatisfy { $0 == -1 })
    #expect(Array(result[200..<700]) == Array(source[100..<600]))
    #expect(result[700...].allSatisfy { $0 == -1 })
  }

  /// Somebody's memory, which commands may still read when nobody else knows it any more.
  private final class Owner {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    init() { bytes.initializeMemory(as: UInt8.self, repeating: 9) }
    deinit {
      // Who reads them all the same finds something else.
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      bytes.deallocate()
    }
  }

  @Test func memoryOfTheHostLivesUntilTheLastCommandIsDone() throws {
    let context = try TestDevice.context()
    let target = try OpenCLBuffer(context, size: 1 << 20)
    weak var owner: Owner?
    do {
      let kept = Owner()
      owner = kept
      let shared = try #require(try OpenCLBuffer(context, sharing: UnsafeRawBufferPointer(kept.bytes), owner: kept))
      try context.queue.copy(MemoryRange(shared), to: MemoryRange(target))
    }
    #expect(try context.read(MemoryRange(target), repeating: UInt8(0)).allSatisfy { $0 == 9 })
    try context.queue.finish()
    #expect(owner == nil)
  }

  @Test func transfersOverlapWithTheHost() throws {
    let context = try TestDevice.context()
    let buffer = try OpenCLBuffer(context, size: 4096)
    let source = [UInt8](repeating: 7, count: 4096)
    var target = [UInt8](repeating: 0, count: 4096)
    try source.withUnsafeBytes { bytes in
      let event = try context.queue.writeLater(bytes, to: MemoryRange(buffer))
      try event.wait()
      #expect(try event.isComplete())
    }
    try target.withUnsafeMutableBytes { bytes in
      try context.queue.readLater(MemoryRange(buffer), into: bytes).wait()
    }
    #expect(target == source)
  }

  @Test func errorsSayCallCodeAndPlace() throws {
    let context = try TestDevice.context()
    let buffer = try OpenCLBuffer(context, size: 16)
    do throws(OpenCLError) {
      try context.write([Float](repeating: 0, count: 5), to: MemoryRange(buffer, size: 20))
      Issue.record("a write past the end of a buffer succeeds")
    } catch {
      #expect(error.description.contains("clEnqueueWriteBuffer"))
      #expect(error.description.contains("CL_INVALID_VALUE"))
      #expect(error.description.contains("20 bytes at 0 of a buffer of 16 bytes"))
    }
    #expect(throws: OpenCLError.self) {
      try OpenCLBuffer(context, size: context.device.largestAllocation + 1)
    }
  }

  @Test func buildErrorsCarryTheLog() throws {
    let context = try TestDevice.context()
    do throws(OpenCLError) {
      _ = try BuiltProgram(context, source: "__kernel void f(__global float *x) { x[0] = nonsense; }", cache: nil)
      Issue.record("nonsense builds")
    } catch {
      #expect(error.description.contains("nonsense"))
      #expect(error.description.contains(context.device.name))
    }
  }

  @Test func stepsInFlightAreBounded() throws {
    let context = try TestDevice.context()
    let buffer = try OpenCLBuffer(context, size: 4096)
    var window = StepWindow(stepsPerMarker: 2, markersInFlight: 2)
    for step in 0..<20 {
      try context.queue.fill(MemoryRange(buffer), with: Float(step))
      try window.stepEnqueued(on: context.queue)
    }
    #expect(try context.readFloats(MemoryRange(buffer)).allSatisfy { $0 == 19 })
  }

  @Test func aProfileCountsCommands() throws {
    let context = try TestDevice.context(profiling: true)
    let buffer = try OpenCLBuffer(context, size: 1 << 20)
    for _ in 0..<5000 { try context.queue.fill(MemoryRange(buffer, size: 64), with: Float(1)) }
    try context.queue.finish()
    let entry = try #require(context.queue.profile?.entries["fill"])
    #expect(entry.count == 5000)
    #expect(entry.total >= entry.shortest * 5000)
    #expect(context.queue.profile?.description.contains("fill") == true)
  }
}

struct SlabTests {
  @Test func piecesStayInsideSlabs() throws {
    var layout = SlabLayout(limit: 4096 + 100)
    let places = try [1, 512, 513, 4096, 1024, 0].map { try layout.reserve($0) }
    #expect(places.map(\.slab) == [0, 0, 0, 1, 0, 0])
    #expect(places.map(\.offset) == [0, 512, 1024, 0, 2048, 3072])
    #expect(layout.slabs == [3584, 4096])
    #expect(throws: OpenCLError.self) { try layout.reserve(4097) }
  }
}

struct TemplateTests {
  @Test func regionsAndMacrosAreFound() {
    let template = KernelTemplate(
      name: "t",
      text: """
        #ifndef WIDTH
        #define WIDTH 4
        #endif
        static float helper(const float x) { return x; }
        __kernel void first(__global float *x) {
          //@begin body
          x[0] = 1;
          //@end body
        }
        __kernel void second(
            __global float *x) {}
        """)
    #expect(template.macros == ["WIDTH"])
    #expect(template.functions == ["helper", "first", "second"])
    #expect(template.regions == ["body"])
    #expect(template.text(regions: ["body": "  x[0] = 2;"]).contains("x[0] = 2;"))
    #expect(!template.text(regions: ["body": "  x[0] = 2;"]).contains("x[0] = 1;"))
    #expect(template.text(keepingMarkers: true).contains("//@begin body\n  x[0] = 1;\n//@end body"))
  }

  @Test func anIncludedFileStandsInItsPlace() throws {
    let texts = ["tiles": "#define TILE 4\nstatic float tile(void) { return TILE; }"]
    let text = KernelTemplate.included("// a\n#include \"tiles.cl\"\n#include \"other.cl\"\n", from: texts)
    #expect(text == "// a\n#define TILE 4\nstatic float tile(void) { return TILE; }\n#include \"other.cl\"\n")
    let gradient = try #require(KernelTemplate.embedded("attention_tiled_gradient"))
    #expect(gradient.macros.contains("BLOCK") && gradient.functions.contains("load_tile"))
    #expect(!gradient.functions.contains("attention_tiled"))
  }

  @Test func everyKernelFileSaysWhatLimitsIt() {
    let silent = KernelTemplate.all.values.filter { template in
      template.text().contains("__kernel void ") && !template.text().contains("\n// Limit: ")
    }
    #expect(silent.map(\.name).isEmpty)
  }

  @Test(.enabled(if: TestDevice.isPresent, TestDevice.reason), arguments: KernelTemplate.all.keys.sorted())
  func everyKernelFileStandsAlone(name: String) throws {
    let context = try TestDevice.context()
    let template = try #require(KernelTemplate.embedded(name))
    _ = try BuiltProgram(context, source: template.text(), cache: nil)
  }
}

@Suite(.enabled(if: TestDevice.isPresent, TestDevice.reason))
struct ProgramCacheTests {
  @Test func whatIsKeptComesBackUnlessAnythingIsWrong() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-cache-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let cache = ProgramCache(folder: folder)
    let device = try #require(TestDevice.first)
    let key = ProgramCache.Key(source: "a", options: "-x", device: device)
    #expect(cache.load(key) == nil)
    cache.store([1, 2, 3, 4], key)
    #expect(cache.load(key) == [1, 2, 3, 4])
    #expect(cache.load(ProgramCache.Key(source: "b", options: "-x", device: device)) == nil)

    let file = folder.appendingPathComponent(key.name)
    var bytes = [UInt8](try Data(contentsOf: file))
    bytes[bytes.count - 10] ^= 1
    try Data(bytes).write(to: file)
    #expect(cache.load(key) == nil)
    try Data(bytes.prefix(20)).write(to: file)
    #expect(cache.load(key) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [key.name])
  }
}
