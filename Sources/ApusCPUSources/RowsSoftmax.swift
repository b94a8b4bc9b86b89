import ApusCPUKernels
import ApusExpression

/// The largest logit of a row and the sum of the exponentials of the differences from it.
///
/// A NaN among the logits makes the sum NaN; the largest is then arbitrary.
@inline(__always)
private func exponentialSum(_ row: UnsafePointer<Float>, _ columns: Int) -> (largest: Float, sum: Float) {
  let least = Wide(-Double.infinity)
  var peak = least
  var column = 0
  while column + Wide.count <= columns {
    peak = .max(peak, .load(row + column))
    column += Wide.count
  }
  if column < columns { peak = .max(peak, firstLanes(.load(row + column), columns - column, else: least)) }
  let largest = peak.maximum
  let shift = Wide(splat: largest)
  var (a, b): (Wide, Wide) = (0, 0)
  column = 0
  while column + 2 * Wide.count <= columns {
    a = a + .exp(.load(row + column) - shift)
    b = b + .exp(.load(row + column + Wide.count) - shift)
    column += 2 * Wide.count
  }
  while column < columns {
    a = a + firstLanes(.exp(.load(row + column) - shift), columns - column, else: 0)
    column += Wide.count
  }
  return (largest, (a + b).sum)
}

/// The natural logarithm of one number.
@inline(__always)
private func logarithm(_ x: Float) -> Float { Wide.log(Wide(splat: x)).vector[0] }

@inline(__always)
private func exponential(_ x: Float) -> Float { Wide.exp(Wide(splat: x)).vector[0] }

/// Writes `exp(row − largest) · scale`, nothing past the row's end.
@inline(__always)
private func writeScaled(
  _ row: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ columns: Int, _ largest: Float, _ scale: Float
) {
  let shift = Wide(splat: largest)
  let factor = Wide(splat: scale)
  var column = 0
  while column + Wide.count <= columns {
    (Wide.exp(.load(row + column) - shift) * factor).store(target + column)
    column += Wide.count
  }
  if column < columns {
    let rest = Wide.exp(.load(row + column) - shift) * factor
    var lane = 0
    while column < columns {
      target[column] = rest.vector[lane]
      lane += 1
      column += 1
    }
  }
}

func softmaxRows(_ o: RowOperands, _ rows: Range<Int>) {
  let output = o.output.assumingMemoryBound(to: Float.self)
  for row in rows {
    let logits = o.logits + row * o.columns
    let (largest, sum) = exponentialSum(logits, o.columns)
    writeScaled(logits, output + row * o.columns, o.columns, largest, 1 / sum)
  }
}

func logSumExpRows(_ o: RowOperands, _ rows: Range<Int>) {
  let output = o.output.assumingMemoryBound(to: Float.self)
  for row in rows {
    let (largest, sum) = exponentialSum(o.logits + row * o.columns, o.columns)
    output[row] = largest + logarithm(sum)
  }
}

/// A label that no column has makes its row's loss NaN and its gradient 0.
func softmaxCrossEntropyRows(_ o: CrossEntropyOperands, _ rows: Range<Int>) {
  for row in rows {
    let logits = o.logits + row * o.columns
    let label = Int(o.labels[row])
    let isHit = label >= 0 && label < o.columns
    let (largest, sum) = exponentialSum(logits, o.columns)
    if let losses = o.losses {
      losses[row] = isHit ? (largest - logits[label]) + logarithm(sum) : .nan
    }
    if let gradient = o.gradient {
      let scale = isHit ? o.upstream?[row] ?? o.scale : 0
      // The probability minus one is taken before the factor, so that a near hit keeps its digits.
      let hit = isHit ? (exponential(logits[label] - largest) / sum - 1) * scale : 0
      let target = gradient + row * o.columns
      writeScaled(logits, target, o.columns, largest, scale / sum)
      if isHit { target[label] = hit }
    }
  }
}
