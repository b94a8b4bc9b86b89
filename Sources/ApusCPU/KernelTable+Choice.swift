import ApusCPUAVX2
import ApusCPUAVX512
import ApusCPUBaseline
import ApusCPUKernels
import Foundation

extension KernelTable {
  /// The kernels that this processor can run, the plainest first; the first one is always `baseline`.
  package static let available: [KernelTable] = {
    let supported = InstructionSet.supported
    let others = [ApusCPUAVX2.kernels, ApusCPUAVX512.kernels].filter {
      $0.instructionSet != .baseline && supported.contains($0.instructionSet)
    }
    return [ApusCPUBaseline.kernels] + others
  }()

  /// The best kernels for this processor, or the best up to the one that `APUS_CPU` names.
  package static let chosen: KernelTable = {
    let wish = ProcessInfo.processInfo.environment["APUS_CPU"].flatMap(InstructionSet.init(rawValue:))
    let allowed = available.filter { $0.instructionSet <= wish ?? .avx512 }
    return allowed.last ?? ApusCPUBaseline.kernels
  }()
}

extension InstructionSet {
  /// What the processor and the operating system both support.
  static var supported: Set<InstructionSet> {
    var found: Set<InstructionSet> = [.baseline]
    #if arch(x86_64)
      let flags = processorFlags()
      if flags.isSuperset(of: ["avx2", "fma", "bmi1", "bmi2", "f16c", "movbe"]) {
        found.insert(.avx2)
        if flags.isSuperset(of: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]) { found.insert(.avx512) }
      }
    #endif
    return found
  }

  #if arch(x86_64)
    /// The processor's features by Linux's names; features whose registers the system does not save are not named.
    private static func processorFlags() -> Set<Substring> {
      #if os(macOS)
        let names = ["avx2": "avx2_0", "fma": "fma", "bmi1": "bmi1", "bmi2": "bmi2", "f16c": "f16c", "movbe": "movbe"]
        let more = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
        func has(_ key: String) -> Bool {
          var value: Int32 = 0
          var size = MemoryLayout<Int32>.size
          return sysctlbyname("hw.optional." + key, &value, &size, nil, 0) == 0 && value != 0
        }
        var flags = Set(names.filter { has($0.value) }.map { Substring($0.key) })
        flags.formUnion(more.filter(has).map { Substring($0) })
        return flags
      #else
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return [] }
        for line in text.split(separator: "\n") where line.hasPrefix("flags") {
          return Set(line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ":" }))
        }
        return []
      #endif
    }
  #endif
}
