import Apus
import Foundation

/// Ten optimizers on functions of two variables.
enum RavineExperiment {
  /// An optimizer with its settings on each function, in the order of `TestFunction.all`.
  struct Entry: Sendable {
    let name: String
    let kind: OptimizerKind
    let learningRates: [Double]
    private let hyperparameters: [[String: String]]

    init(
      _ name: String, _ kind: OptimizerKind, _ learningRates: [Double], _ hyperparameters: [[String: String]] = []
    ) {
      self.name = name
      self.kind = kind
      self.learningRates = learningRates
      self.hyperparameters = hyperparameters
    }

    func hyperparameters(on function: Int) -> [String: String] {
      hyperparameters.isEmpty ? [:] : hyperparameters[min(function, hyperparameters.count - 1)]
    }
  }

  /// What stands together in a panel.
  struct Family: Sendable {
    let name: String
    let entries: [Entry]
  }

  /// The bounds close in within the drawn steps, on a rate at which plain gradient descent is stable.
  private static let bounds = [
    ["final-lr": "0.1", "gamma": "0.01"], ["final-lr": "0.02", "gamma": "0.03"], ["final-lr": "0.1", "gamma": "0.03"],
  ]

  static let families = [
    Family(
      name: "one rate",
      entries: [
        Entry("SGD", .sgd, [0.95, 0.002, 0.02]), Entry("Momentum", .momentum, [0.1, 0.001, 0.003]),
        Entry("Nesterov", .nesterov, [0.1, 0.001, 0.003]),
      ]),
    Family(
      name: "a rate per variable",
      entries: [
        Entry("AdaGrad", .adagrad, [1.5, 0.5, 1]),
        Entry("RMSProp", .rmsprop, [0.3, 0.002, 0.1], [["alpha": "0.9"]]),
        Entry("AdaDelta", .adadelta, [3, 0.03, 0.1], [["epsilon": "0.001"], [:], [:]]),
      ]),
    Family(
      name: "Adam and relatives",
      entries: [
        Entry("Adam", .adam, [0.3, 0.1, 0.2]), Entry("AdaMax", .adamax, [0.5, 0.2, 0.5]),
        Entry("AdaBound", .adabound, [0.3, 0.1, 0.2], bounds), Entry("AMSBound", .amsbound, [0.3, 0.1, 0.2], bounds),
      ]),
  ]

  /// Below this value a function counts as minimized.
  static let threshold = 1e-3

  static func path(_ entry: Entry, _ index: Int, steps: Int) -> OptimizerPath? {
    guard let optimizer = try? entry.kind.make(entry.hyperparameters(on: index)) else { return nil }
    let function = TestFunction.all[index]
    return OptimizerPath(optimizer, learningRate: entry.learningRates[index], on: function, steps: steps)
  }

  static func figure() -> Figure {
    var panels: [FigurePanel] = []
    for (index, function) in TestFunction.all.enumerated() {
      var style = 0
      for family in families {
        var plot = ContourPlot(
          x: function.x, y: function.y,
          levels: ContourPlot.logarithmicLevels(from: function.levels.lowerBound, to: function.levels.upperBound),
          minimum: function.minimum
        ) { function.value([$0, $1]) }
        for entry in family.entries {
          if let path = path(entry, index, steps: function.drawnSteps) {
            // Where AMSBound's path is AdaBound's, its dots leave the other's dashes to be seen.
            let look = entry.kind == .amsbound ? 16 : style
            plot.paths.append(ContourPlot.Path(entry.name, points: path.points, style: look))
          }
          style += 1
        }
        panels.append(
          FigurePanel(
            title: "\(function.name), \(Quantity.count(function.drawnSteps)) steps: \(family.name)", contours: plot))
      }
    }
    return Figure(
      title: "Optimizers on functions of two variables", panels: panels, columns: families.count, sharesY: true,
      panelSize: [330, 220])
  }

  static func table() -> TextTable {
    var table = TextTable(columns: [
      ("function", .left), ("optimizer", .left), ("learning rate", .right), ("set", .left), ("steps drawn", .right),
      ("f at the last", .right), ("steps to f < 0.001", .right),
    ])
    for (index, function) in TestFunction.all.enumerated() {
      for entry in families.flatMap(\.entries) {
        guard let path = path(entry, index, steps: function.steps) else { continue }
        let drawn = path.values.count > function.drawnSteps ? path.values[function.drawnSteps] : .infinity
        table.append([
          "\(function.name)", entry.name, "\(entry.learningRates[index])",
          entry.hyperparameters(on: index).map { "\($0)=\($1)" }.sorted().joined(separator: " "),
          "\(function.drawnSteps)",
          drawn.isFinite ? String(format: "%.2e", drawn) : "diverged",
          path.steps(toReach: threshold).map(Quantity.count) ?? "over \(Quantity.count(function.steps))",
        ])
      }
    }
    return table
  }
}

extension Reproduction {
  static let ravine = Reproduction(
    name: "ravine", title: "Optimizers on functions of two variables",
    source: Source(
      citation: "Saito, \"Deep Learning from Scratch\", O'Reilly Japan, 2016",
      place: "section 6.1, ch06/optimizer_compare_naive.py",
      link: "https://github.com/oreilly-japan/deep-learning-from-scratch"),
    claims: ["SGD", "Momentum", "AdaGrad", "Adam"].map { name in
      Claim(
        "f after 30 steps in the ravine: \(name)", reported: "curve only",
        place: "section 6.1, the figure that compares the update paths"
      ) { _ in
        RavineExperiment.families.flatMap(\.entries).first { $0.name == name }
          .flatMap { RavineExperiment.path($0, 0, steps: 30)?.values.last }
          .map { Measurement(String(format: "%.3g", $0), value: $0) }
      }
    },
    remarks: [
      "The ravine, its start, its 30 steps and the learning rates of SGD, Momentum, AdaGrad and Adam on it are the "
        + "source's. The other functions, optimizers and learning rates are not in it; those are chosen by hand.",
      "Every path is the optimizer's own update formula in double precision; \"steps to\" is the first with f below.",
    ],
    costs: { _ in "seconds" }, notes: { _ in "" }, jobs: { _ in [] },
    figure: { _ in RavineExperiment.figure() }, table: { _ in RavineExperiment.table() })
}
