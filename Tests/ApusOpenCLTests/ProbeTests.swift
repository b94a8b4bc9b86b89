import ApusCompiler
import Testing

import ApusOpenCL

/// What a device's limits are measured with does what is counted.
@Suite(.serialized, .enabled(if: TestDevice.isPresent)) struct ProbeTests {
  @Test(arguments: [OpenCLDevice.Style.wide, .tiled])
  func multiplyAddsNearOne(style: OpenCLDevice.Style) throws {
    let context = try TestDevice.context()
    let work = MultiplyAdds(context.device, style: style)
    let memory = try context.buffer([Float](repeating: 1, count: work.items))
    var builder = ProgramBuilder()
    let planned = try work.plan(memory, &builder)
    try context.queue.enqueue(try planned.bind(try builder.build(context)))
    let expected = Float(MultiplyAdds.vectors * work.width)
    for sum in try context.readFloats(memory) { #expect(abs(sum - expected) < 0.1 * expected) }
    #expect(work.operations > Double(work.items * MultiplyAdds.vectors * work.width))
  }

  @Test func bothProbesRun() throws {
    let backend = try OpenCLBackend(try #require(TestDevice.first))
    let arithmetic = try backend.multiplyAddProbe()
    let copy = try backend.copyProbe(byteCount: 4096)
    try #require(arithmetic).run()
    try #require(copy).run()
    try backend.synchronize()
    #expect(copy?.amount == 8192)
  }
}
