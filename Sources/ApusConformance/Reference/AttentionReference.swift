import ApusExpression
import ApusGraph

/// Attention and its gradient with all weights in memory, in double precision. Operands are read by index.
package enum AttentionReference {
  package typealias Operand = (Int) -> Double

  private static func place(_ s: AttentionShape, _ sequence: Int, _ position: Int, _ part: Int, _ head: Int) -> Int {
    (((sequence * s.length + position) * 3 + part) * s.heads + head) * s.width
  }

  private static func resultPlace(_ s: AttentionShape, _ sequence: Int, _ position: Int, _ head: Int) -> Int {
    ((sequence * s.length + position) * s.heads + head) * s.width
  }

  /// The weights of one sequence and head, one row per query.
  private static func weights(_ s: AttentionShape, _ packed: Operand, _ sequence: Int, _ head: Int) -> [[Double]] {
    (0..<s.length).map { query in
      let keys = 0..<(s.isCausal ? query + 1 : s.length)
      let scores = keys.map { key in
        (0..<s.width).reduce(0.0) {
          $0 + packed(place(s, sequence, query, 0, head) + $1) * packed(place(s, sequence, key, 1, head) + $1)
        } * s.scale
      }
      let largest = scores.max() ?? 0
      let exponentials = scores.map { Double.exp($0 - largest) }
      let sum = exponentials.reduce(0, +)
      return exponentials.map { $0 / sum } + [Double](repeating: 0, count: s.length - keys.count)
    }
  }

  package static func attention(_ s: AttentionShape, _ packed: Operand) -> [Double] {
    var result = [Double](repeating: 0, count: s.resultShape.count)
    for pair in Grid([s.batch, s.heads]) {
      let weights = weights(s, packed, pair[0], pair[1])
      for position in Grid([s.length, s.width]) {
        result[resultPlace(s, pair[0], position[0], pair[1]) + position[1]] = (0..<s.length).reduce(0.0) {
          $0 + weights[position[0]][$1] * packed(place(s, pair[0], $1, 2, pair[1]) + position[1])
        }
      }
    }
    return result
  }

  package static func gradient(_ s: AttentionShape, _ packed: Operand, _ upstream: Operand) -> [Double] {
    var result = [Double](repeating: 0, count: s.packedShape.count)
    for pair in Grid([s.batch, s.heads]) {
      let (sequence, head) = (pair[0], pair[1])
      let weights = weights(s, packed, sequence, head)
      for query in 0..<s.length {
        let g = resultPlace(s, sequence, query, head)
        let reached = (0..<s.length).map { key in
          (0..<s.width).reduce(0.0) { $0 + upstream(g + $1) * packed(place(s, sequence, key, 2, head) + $1) }
        }
        let mean = zip(weights[query], reached).reduce(0) { $0 + $1.0 * $1.1 }
        for key in 0..<s.length {
          let score = weights[query][key] * (reached[key] - mean) * s.scale
          let (q, k) = (place(s, sequence, query, 0, head), place(s, sequence, key, 1, head))
          for d in 0..<s.width {
            result[q + d] += score * packed(k + d)
            result[k + d] += score * packed(q + d)
            result[place(s, sequence, key, 2, head) + d] += weights[query][key] * upstream(g + d)
          }
        }
      }
    }
    return result
  }
}
