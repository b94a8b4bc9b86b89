import Apus
import ApusReproduction
import ApusTestSupport
import Foundation
import Testing

/// A comparison of two optimizers on a small table, run, interrupted, and gone on with.
@Suite("Running reproductions")
struct ReproductionTests {
  private func comparison(_ data: String, seeds: Int = 1, steps: Int = 30) -> Comparison {
    let settings: JSONObject = [
      "dataset": .string("csv:\(data)"), "csv-standardize": true, "model": "mlp", "hidden": [8], "batch-size": 10,
      "steps": .integer(steps),
    ]
    return Comparison(
      groups: [
        Comparison.Group(
          key: "small", settings: settings,
          lines: [
            Comparison.Line("Adam", .adam, learningRate: 0.02), Comparison.Line("SGD", .sgd, learningRate: 0.1),
          ], seeds: seeds),
        Comparison.Group(
          key: "missing", settings: settings.merging(["model": "no-such-model"]),
          lines: [Comparison.Line("Adam", .adam, learningRate: 0.02)], isOptional: true),
      ],
      views: [
        Comparison.View(
          group: "small", title: "small", measure: .trainingCost(partsPerEpoch: 2), x: ChartAxis("epochs"),
          y: ChartAxis("cost")),
        Comparison.View(
          group: "missing", title: "missing", measure: .accuracy, x: ChartAxis("epochs"), y: ChartAxis("accuracy")),
      ])
  }

  private func reproduction(_ comparison: Comparison) -> Reproduction {
    Reproduction(
      name: "small", title: "A small comparison",
      source: Reproduction.Source(citation: "A, B", place: "figure 1", link: "https://example.org"), claims: [],
      cost: { _ in "seconds" }, note: { $0 == .quick ? "30 steps" : "" }, comparison: { _ in comparison })
  }

  private func data(_ folder: TemporaryFolder) throws -> String {
    var lines = ["a,b,kind"]
    for row in 0..<100 { lines.append("\(Double(row % 2) * 2 + Double(row % 7) / 10),\(Double(row % 5)),k\(row % 2)") }
    return try folder.write(lines.joined(separator: "\n") + "\n", to: "small.csv")
  }

  private func options(_ folder: TemporaryFolder) -> ReproductionOptions {
    var options = ReproductionOptions(directory: folder.file("out"))
    options.device = "cpu"
    return options
  }

  @Test func aRepeatedCommandTakesWhatIsThere() throws {
    try withTemporaryFolder { folder in
      let reproduction = reproduction(comparison(try data(folder), seeds: 2))
      var events: [String] = []
      func run(_ options: ReproductionOptions) throws -> ReproductionResult? {
        events = []
        return try reproduction.run(options) { event in
          switch event {
          case .ended(let name, let number, let total, _, let wasThere):
            events.append("\(number)/\(total) \(name) \(wasThere ? "there" : "made")")
          case .note(let note): events.append(note)
          default: break
          }
        }
      }
      let first = try #require(try run(options(folder)))
      #expect(
        events.prefix(4) == [
          "1/5 small/adam/seed-0 made", "2/5 small/adam/seed-1 made", "3/5 small/sgd/seed-0 made",
          "4/5 small/sgd/seed-1 made",
        ])
      #expect(events.last?.hasPrefix("left out: missing: ") == true && events.last?.contains("no-such-model") == true)
      let names = try files(in: folder.file("out/runs/small/adam/seed-0"))
      for name in ["config.yaml", "metrics.jsonl", "curves.svg", "run.json", "checkpoint.safetensors"] {
        #expect(names.contains(name))
      }
      #expect(first.figure.panels.count == 1)
      #expect(first.figure.note.hasPrefix("quick tier: 30 steps; left out: missing: "))
      guard case .curves(let series) = first.figure.panels[0].content else {
        Issue.record("no curves")
        return
      }
      // 80 of the 100 rows train, 8 steps an epoch: 30 steps are 7 halves of an epoch and a half of one.
      #expect(series.map(\.name) == ["Adam", "SGD"])
      #expect(series[0].band.count == series[0].points.count)
      #expect(zip(series[0].band, series[0].points).allSatisfy { $0.low <= $1.y && $1.y <= $0.high })

      let second = try #require(try run(options(folder)))
      #expect(events.prefix(4).allSatisfy { $0.hasSuffix("there") })
      #expect(second.table == first.table && second.figure == first.figure)

      var anew = options(folder)
      anew.overwrites = true
      _ = try run(anew)
      #expect(events.prefix(4).allSatisfy { $0.hasSuffix("made") })

      var other = options(folder)
      other.seed = 5
      do {
        _ = try run(other)
        Issue.record("other runs were taken")
      } catch let error as TrainingError {
        #expect(error.message.contains("holds a run with another seed") && error.message.contains("--overwrite"))
      }
    }
  }

  @Test func anInterruptedRunGoesOn() throws {
    try withTemporaryFolder { folder in
      let reproduction = reproduction(comparison(try data(folder), steps: 40))
      var straight = options(folder)
      straight.directory = folder.file("straight")
      let whole = try #require(try reproduction.run(straight))

      // The second run is stopped amid its steps.
      var steps = 0
      let stopped = try reproduction.run(
        options(folder),
        shouldStop: {
          steps += 1
          return steps > 60
        })
      #expect(stopped == nil)
      #expect(!FileManager.default.fileExists(atPath: folder.file("out/result.json")))
      #expect(FileManager.default.fileExists(atPath: folder.file("out/runs/small/adam/run.json")))
      #expect(!FileManager.default.fileExists(atPath: folder.file("out/runs/small/sgd/run.json")))
      #expect(FileManager.default.fileExists(atPath: folder.file("out/runs/small/sgd/checkpoint.safetensors")))

      var made: [String] = []
      let resumed = try #require(
        try reproduction.run(options(folder)) { event in
          if case .ended(let name, _, _, _, false) = event { made.append(name) }
        })
      #expect(made == ["small/sgd"])
      for run in ["adam", "sgd"] {
        #expect(
          try bytes(of: folder.file("out/runs/small/\(run)/metrics.jsonl"))
            == (try bytes(of: folder.file("straight/runs/small/\(run)/metrics.jsonl"))))
      }
      #expect(resumed.figure == whole.figure)
    }
  }

  @Test func costsAreMeansOverPartsOfEpochs() {
    let metrics = (1...10).map { step -> JSONObject in
      [
        "step": .integer(step), "split": "train", "epoch": .number(Double(step) / 4),
        "loss": step == 7 ? "NaN" : .number(Double(step)),
      ]
    }
    let history = RunHistory(metrics: metrics)
    let costs = history.trainingCost(partsPerEpoch: 2)
    #expect(costs.map(\.x) == [0.5, 1, 1.5, 2, 2.5])
    #expect(costs[0].y == 1.5 && costs[1].y == 3.5 && costs[3].y.isNaN && costs[4].y == 9.5)
    // A last part of one step, where parts have four, says too little.
    #expect(RunHistory(metrics: Array(metrics.prefix(5))).trainingCost(partsPerEpoch: 1).count == 1)
    #expect(history.finalTrainingCost == 10)
  }
}

/// The names in a folder, sorted.
func files(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
