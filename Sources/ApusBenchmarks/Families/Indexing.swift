import Apus

/// Rows picked from a table by index, and rows added into one.
struct IndexingBenchmark {
  let tableRows: Int
  let columns: Int
  let picked: Int
  var isQuick = false

  /// Whether the table holds bytes, as pictures wait on the device.
  var holdsBytes = false

  static let family = BenchmarkFamily("gather", "rows picked from a table, and scatter-add", of: all) {
    $0.holdsBytes ? [$0.gatherBytes] : [$0.gather, $0.scatterAdd]
  }

  private static let all = [
    IndexingBenchmark(tableRows: 65, columns: 128, picked: 768),
    IndexingBenchmark(tableRows: 32_768, columns: 768, picked: 8192, isQuick: true),
    IndexingBenchmark(tableRows: 60_000, columns: 784, picked: 100, holdsBytes: true),
    IndexingBenchmark(tableRows: 50_000, columns: 3072, picked: 128, isQuick: true, holdsBytes: true),
  ]

  private var extents: String { "\(tableRows)×\(columns) by \(picked)" }

  /// Reads and writes the rows that are picked.
  private var gather: KernelBenchmark {
    KernelBenchmark(
      "gather rows \(extents)", .moving(4 * (2 * picked * columns + picked)), isQuick: isQuick,
      indices: ["indices": tableRows]
    ) { graph in
      [graph.input("table", [tableRows, columns]).gather(graph.input("indices", [picked], .int32))]
    }
  }

  /// Reads the rows that are added and writes the whole table.
  private var scatterAdd: KernelBenchmark {
    KernelBenchmark(
      "gather scatter-add \(extents)", .moving(4 * (picked * columns + picked + tableRows * columns)),
      isQuick: isQuick, indices: ["indices": tableRows]
    ) { graph in
      let table = graph.input("table", [tableRows, columns])
      return table.gather(graph.input("indices", [picked], .int32)).gradients(with: [table])
    }
  }

  /// A batch of pictures: bytes become floats and are scaled.
  private var gatherBytes: KernelBenchmark {
    KernelBenchmark(
      "gather bytes \(extents)", .moving(5 * picked * columns + 4 * picked), isQuick: isQuick,
      indices: ["indices": tableRows]
    ) { graph in
      let table = graph.input("table", [tableRows, columns], .uint8)
      return [table.gather(graph.input("indices", [picked], .int32)) * (1 / 255)]
    }
  }
}
