import Dispatch
import Synchronization

/// The mean and deviation of each channel of a set of pictures, by which they are normalized.
public struct ChannelMoments: Hashable, Sendable {
  /// Each channel's mean.
  public let means: [Double]
  /// Each channel's deviation (of the population).
  public let deviations: [Double]

  /// Moments that are known.
  ///
  /// - Precondition: as many means as deviations.
  public init(means: [Double], deviations: [Double]) {
    precondition(means.count == deviations.count)
    self.means = means
    self.deviations = deviations
  }
}

extension ChannelMoments {
  /// The moments of a table of pictures `[C, H, W]`, in the range that scale and shift give; nil for other tables.
  ///
  /// Sums are taken picture by picture and added in one fixed order, so the result does not depend on the machine.
  public init?(_ table: Table) {
    guard table.sampleShape.count == 3, table.count > 0, let block = table.features.block else { return nil }
    let channelCount = table.sampleShape[0]
    let plane = table.sampleShape[1] * table.sampleShape[2]
    let chunk = 512
    let chunks = (table.count + chunk - 1) / chunk
    // Per chunk and channel: the sum and the sum of squares.
    var sums = [SIMD2<Double>](repeating: .zero, count: chunks * channelCount)
    sums.withUnsafeMutableBufferPointer { sums in
      block.withBytes { bytes in
        // Each iteration writes the sums of its own chunk.
        nonisolated(unsafe) let sums = sums
        nonisolated(unsafe) let bytes = bytes
        DispatchQueue.concurrentPerform(iterations: chunks) { iteration in
          let samples = iteration * chunk..<min((iteration + 1) * chunk, table.count)
          for sample in samples {
            for channel in 0..<channelCount {
              let start = (sample * channelCount + channel) * plane
              let part =
                switch table.elementType {
                case .uint8: byteSums(bytes[start..<start + plane])
                case .float32: floatSums(bytes, start..<start + plane)
                }
              sums[iteration * channelCount + channel] += part
            }
          }
          let sampleSize = channelCount * plane * table.elementType.byteCount
          block.letGo(samples.lowerBound * sampleSize..<samples.upperBound * sampleSize)
        }
      }
    }
    let count = Double(table.count * plane)
    let (scale, shift) = (Double(table.scale), Double(table.shift))
    let totals = (0..<channelCount).map { channel in
      (0..<chunks).reduce(SIMD2<Double>.zero) { $0 + sums[$1 * channelCount + channel] }
    }
    self.init(
      means: totals.map { $0.x / count * scale + shift },
      deviations: totals.map { max($0.y / count - ($0.x / count) * ($0.x / count), 0).squareRoot() * abs(scale) })
  }
}

private func byteSums(_ bytes: Slice<UnsafeRawBufferPointer>) -> SIMD2<Double> {
  var sum: UInt64 = 0
  var squares: UInt64 = 0
  for byte in UnsafeRawBufferPointer(rebasing: bytes) {
    sum &+= UInt64(byte)
    squares &+= UInt64(byte) &* UInt64(byte)
  }
  return SIMD2(Double(sum), Double(squares))
}

private func floatSums(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> SIMD2<Double> {
  let values = bytes.bindMemory(to: Float.self)
  return range.reduce(into: SIMD2<Double>.zero) { sums, index in
    let value = Double(values[index])
    sums += SIMD2(value, value * value)
  }
}

/// Moments that are computed when they are first asked for.
final class LazyMoments: Sendable {
  private let table: Table
  private let computed = Mutex<ChannelMoments??>(nil)

  init(_ table: Table) { self.table = table }

  var value: ChannelMoments? {
    computed.withLock { computed in
      if let known = computed { return known }
      let moments = ChannelMoments(table)
      computed = .some(moments)
      return moments
    }
  }
}
