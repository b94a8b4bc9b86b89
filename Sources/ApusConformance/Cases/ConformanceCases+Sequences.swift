import ApusExpression
import ApusGraph

extension ConformanceCase {
  static var attentions: [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for (batch, length, heads, width) in [
      (1, 1, 1, 1), (2, 5, 3, 8), (2, 17, 2, 16), (1, 64, 4, 32), (1, 67, 1, 31), (1, 130, 2, 24),
    ] {
      for isCausal in [true, false] {
        let name = "\(isCausal ? "causal " : "")attention, \(batch)×\(length), \(heads) heads of \(width)"
        cases.append(
          ConformanceCase(name, tolerance: Tolerance.network) { g in
            let packed = g.input("packed", [batch, length, 3, heads, width])
            let y = attention(packed, isCausal: isCausal)
            return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [packed])
          })
      }
    }
    cases.append(
      ConformanceCase("attention of separate operands", tolerance: Tolerance.network) { g in
        let (q, k, v) = (g.input("q", [2, 9, 2, 4]), g.input("k", [2, 9, 2, 4]), g.input("v", [2, 9, 2, 4]))
        let y = attention(queries: q, keys: k, values: v, isCausal: true)
        return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [q, k, v])
      })
    return cases
  }

  static var windows: [ConformanceCase] {
    [
      ConformanceCase("windows of integers", tolerance: 0, integerBound: 60) { g in
        let tokens = g.input("tokens", [101], .int32)
        let starts = g.input("starts", [7, 3], .int32)
        return [
          tokens.windows(at: starts, length: 17), tokens.slice(1..<101).windows(at: starts, length: 1),
          tokens.windows(at: starts, length: 41),
        ]
      },
      ConformanceCase("windows of bytes and floats", integerBound: 60) { g in
        let starts = g.input("starts", [9], .int32)
        return [
          g.input("bytes", [85], .uint8).windows(at: starts, length: 5) / 255,
          g.input("floats", [85]).windows(at: starts, length: 25) + 1,
        ]
      },
    ]
  }

  static var sparseProducts: [ConformanceCase] {
    var cases: [ConformanceCase] = []
    for (rows, length, features, width) in [(1, 1, 1, 1), (7, 5, 13, 3), (31, 17, 40, 1), (9, 33, 200, 67)] {
      cases.append(
        ConformanceCase(
          "sparse product \(rows)×\(length) by \(features)×\(width)", tolerance: Tolerance.sums, integerBound: features
        ) { g in
          let columns = g.input("columns", [rows, length], .int32)
          let (values, table) = (g.input("values", [rows, length]), g.parameter("table", [features, width]))
          let y = sparseProduct(columns: columns, values: values, table: table)
          return [y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [values, table])
        })
    }
    cases.append(
      // Starts are drawn at random, so that a row may end before it starts: then it is empty.
      ConformanceCase("sparse rows", tolerance: Tolerance.sums, integerBound: 37) { g in
        let starts = g.input("starts", [38], .int32)
        let picks = g.input("picks", [19], .int32)
        let columns = sparseRows(g.input("columns", [41], .int32), starts: starts, picks: picks, length: 11)
        let bytes = sparseRows(g.input("bytes", [41], .uint8), starts: starts, picks: picks, length: 11)
        let floats = sparseRows(g.input("floats", [41]), starts: starts, picks: picks, length: 11)
        let table = g.parameter("table", [37, 6])
        let y = sparseProduct(columns: columns, values: bytes / 255 + floats, table: table)
        return [columns, bytes, floats, y] + gradient(of: (y * g.input("upstream", y.shape)).sum(), with: [table])
      })
    return cases
  }
}
