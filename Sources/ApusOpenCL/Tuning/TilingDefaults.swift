/// How products are cut into tiles and slices on a maker's devices, where nothing was measured (`TuningTable`).
///
/// A square tile's side decides about everything else in `matmul_tiled.cl` and `convolution_tiled.cl`: a work-item of 256
/// owns (side / 16)² sums in registers. Larger tiles take less from memory per multiply-add and leave fewer work-groups
/// to hide the wait for it.
///
/// Sources: CLBlast's database of tuned parameters (github.com/CNugteren/CLBlast, src/database/kernels/xgemm/xgemm_32.hpp);
/// NVIDIA, CUDA C++ Programming Guide, compute capabilities; AMD, GCN3 Instruction Set Architecture, and AMD, OpenCL
/// Programming Optimization Guide; Intel, oneAPI GPU Optimization Guide, on registers and work-group sizes.
package struct TilingDefaults: Sendable, Hashable {
  /// The tiles to choose among, the largest first; none for processors, whose tiles are chosen by shape (`WideTile`).
  package let tiles: [Int]
  /// How many work-groups a compute unit, as the driver counts them, should have.
  package let groupsPerUnit: Double
  /// The shortest slice of a sum that is worth a work-group of its own.
  package let shortestSlice: Int
  /// The bytes of local memory that a work-group may take.
  package let localMemory: Int
  /// The registers of 4 bytes that a work-item may take.
  package let registers: Int

  /// 255 registers for a work-item and 65,536 for a compute unit, so that two groups with tiles of 128 run at once.
  /// Where CLBlast was tuned on the last generations in its table, tiles are 128 × 128, 128 × 64 and 64 × 64.
  package static let nvidia = TilingDefaults(
    tiles: [128, 64, 32], groupsPerUnit: 2, shortestSlice: 256, localMemory: 48 << 10, registers: 255)

  /// 256 registers for each of a SIMD unit's lanes, shared by the wavefronts that hide latency: 64 leave four of them,
  /// which is a group for every one of the four SIMD units. CLBlast's default for AMD is 64 × 64.
  package static let amd = TilingDefaults(
    tiles: [64, 32], groupsPerUnit: 4, shortestSlice: 256, localMemory: 32 << 10, registers: 64)

  /// 4 KB of registers for a hardware thread, so 64 for each of 16 work-items. Drivers count execution units, each with 7
  /// or 8 threads; a group takes 16 threads, so two units have one. CLBlast's default for Intel's GPUs is 64 × 64.
  package static let intel = TilingDefaults(
    tiles: [64, 32], groupsPerUnit: 0.5, shortestSlice: 256, localMemory: 64 << 10, registers: 64)

  /// Little is certain: mobile GPUs may have 32 KB of local memory or none of their own. CLBlast's default is 32 × 32.
  package static let other = TilingDefaults(
    tiles: [32], groupsPerUnit: 2, shortestSlice: 256, localMemory: 32 << 10, registers: 64)

  /// Kernels without local memory, whose work-items have a core each; a slice must pay for its sums' way through memory.
  package static let processors = TilingDefaults(
    tiles: [], groupsPerUnit: 2, shortestSlice: 512, localMemory: 0, registers: 0)

  /// A device's row.
  package static func of(_ device: OpenCLDevice) -> TilingDefaults {
    guard device.style == .tiled else { return processors }
    return switch device.maker {
    case .nvidia: nvidia
    case .amd: amd
    case .intel: intel
    case .other: other
    }
  }
}

extension TilingDefaults {
  /// Every tile that the kernels have.
  static let tiles = [128, 64, 32]

  /// The bytes of local memory that a work-group takes: two pairs of tiles, each row with a gap of four.
  package static func localMemory(ofTile side: Int) -> Int { 2 * 2 * (1024 / side) * (side + 4) * 4 }

  /// The registers that a work-item takes, by estimate: its sums, the operands of two multiply-add steps, what is on its
  /// way from memory, and 24 for addresses. An assembler for NVIDIA's GPUs takes 128 to 145, 56 to 64, and 40 to 48.
  package static func registers(ofTile side: Int) -> Int {
    let elements = side / 16
    return elements * elements + 2 * 2 * elements + 8 + 24
  }

  /// Whether a device can run a tile at all, by what its driver says.
  static func fits(_ side: Int, _ device: OpenCLDevice) -> Bool {
    device.largestWorkGroup >= 256 && localMemory(ofTile: side) <= device.localMemory
  }

  /// The work-groups that keep a device busy.
  private func enough(_ device: OpenCLDevice) -> Int {
    max(1, Int((groupsPerUnit * Double(device.computeUnits)).rounded(.up)))
  }

  /// As many slices of a walk through tiles of pixels, none shorter than a step, for convolutions' weights.
  func splits(tiles: Int, steps: Int, _ device: OpenCLDevice) -> Int {
    max(1, min(enough(device).divided(by: max(tiles, 1)), steps, 512))
  }

  /// A count of instructions that grows as work-groups are too few to keep a device busy: by the root, because a unit that
  /// has fewer than it could hide waiting with still has something to do.
  func cost(instructions: Double, groups: Int, _ device: OpenCLDevice) -> Double {
    instructions * max(1, (Double(enough(device)) / Double(max(groups, 1))).squareRoot())
  }

  /// The largest tile that still gives every compute unit its work-groups; where none does, one that is not mostly empty.
  ///
  /// - Parameter count: how many results of m × n there are.
  /// - Returns: nil where the device can run none.
  func tile(_ m: Int, _ n: Int, count: Int, _ device: OpenCLDevice) -> Int? {
    choose(tiles.filter { TilingDefaults.fits($0, device) }, m, n, count: count, device)
  }

  /// The same for the kernel of the tensor cores.
  func tensorTile(_ m: Int, _ n: Int, count: Int, _ device: OpenCLDevice) -> Int {
    choose(TilingDefaults.tiles, m, n, count: count, device) ?? 32
  }

  private func choose(_ sides: [Int], _ m: Int, _ n: Int, count: Int, _ device: OpenCLDevice) -> Int? {
    func groups(_ side: Int) -> Int { m.divided(by: side) * n.divided(by: side) * count }
    if let busy = sides.first(where: { $0 >= 64 && groups($0) >= enough(device) && min(m, n) >= $0 }) { return busy }
    return sides.first { $0 <= (min(m, n) > 32 ? 64 : 32) } ?? sides.last
  }

  /// As many slices of a sum over K as give every compute unit its work-groups, none too short.
  func splits(
    _ m: Int, _ n: Int, _ k: Int, tile: Int, count: Int, _ device: OpenCLDevice, most: Int = 16
  ) -> Int {
    splits(tiles: m.divided(by: tile) * n.divided(by: tile) * count, k, device, most: most)
  }

  /// The same for a number of tiles.
  func splits(tiles: Int, _ k: Int, _ device: OpenCLDevice, most: Int) -> Int {
    max(1, min(enough(device).divided(by: max(tiles, 1)), k / shortestSlice, most))
  }
}
