import ApusCPU
import ApusGraph
import ApusTestSupport
import Testing

/// What the conformance suite leaves open: elements that are not numbers, or as small as padding.
@Suite struct PoolTests {
  /// Pools a row of values and gives the result and its gradient for an upstream of 1, 2, 3, …
  private func pool(
    _ rows: [[Float]], size: Int, stride: Int, padding: Int, on device: Device
  ) throws -> (result: [Float], gradient: [Float]) {
    let fixture = try ProgramFixture(device.backend()) { g in
      let x = g.input("x", [1, 1, rows.count, rows[0].count])
      let y = x.maxPool(size: [size, size], strides: [stride, stride], padding: [padding, padding])
      return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x])
    }
    try fixture.write(rows.flatMap(\.self), to: "x")
    try fixture.write((1...64).map(Float.init).prefix(try fixture.floats(0).count).map(\.self), to: "upstream")
    try fixture.run()
    return (try fixture.floats(0), try fixture.floats(1))
  }

  /// Rows of less than a vector, of several, and with a rest, by windows that overlap, touch or leave gaps.
  @Test(arguments: [[2, 2], [3, 2], [2, 3], [3, 3], [4, 2]])
  func rowsOfEveryLength(window: [Int]) throws {
    for columns in [4, 17, 33, 40, 41, 71] {
      let test = ConformanceCase("rows of \(columns)", tolerance: Tolerance.arithmetic * 4) { g in
        let x = g.input("x", [3, 2, 7, columns])
        let y = x.maxPool(size: [window[0], window[0]], strides: [window[1], window[1]])
        let z = x.averagePool(size: [window[0], window[0]], strides: [window[1], window[1]])
        return [y, z] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [x])
          + gradient(of: (z * g.input("mean's upstream", z.shape)).sum(), with: [x])
      }
      for device in Device.all {
        for (index, error) in try test.errors(on: device.backend()).enumerated() {
          #expect(error <= test.tolerance, "output \(index) of \(columns) columns on \(device)")
        }
      }
    }
  }

  @Test(arguments: Device.all)
  func theFirstOfEqualsIsTheLargest(device: Device) throws {
    let (result, gradient) = try pool([[5, 5, 1, 7], [5, 5, 7, 7]], size: 2, stride: 2, padding: 0, on: device)
    #expect(result == [5, 7])
    #expect(gradient == [1, 0, 0, 2, 0, 0, 0, 0])
  }

  @Test(arguments: Device.all)
  func notANumberIsTheLargest(device: Device) throws {
    let (result, gradient) = try pool([[9, .nan, 1, 8], [.nan, 9, 7, 2]], size: 2, stride: 2, padding: 0, on: device)
    #expect(result[0].isNaN)
    #expect(result[1] == 8)
    #expect(gradient == [0, 1, 0, 2, 0, 0, 0, 0])
  }

  @Test(arguments: Device.all)
  func paddingIsNeverTheLargest(device: Device) throws {
    let low = -Float.infinity
    let (result, gradient) = try pool(
      [[low, low, low], [low, low, 3], [low, low, low]], size: 3, stride: 2, padding: 1, on: device)
    #expect(result == [low, 3, low, 3])
    // The first element inside the image at a corner without a number; the number where there is one.
    #expect(gradient == [1, 0, 0, 3, 0, 6, 0, 0, 0])
  }

  @Test(arguments: Device.all)
  func infinityIsLargerThanNumbers(device: Device) throws {
    let (result, gradient) = try pool(
      [[1, .infinity, 2], [4, 5, 6], [7, 8, 9]], size: 2, stride: 1, padding: 0, on: device)
    #expect(result == [.infinity, .infinity, 8, 9])
    #expect(gradient == [0, 3, 0, 0, 0, 0, 0, 3, 4])
  }
}
