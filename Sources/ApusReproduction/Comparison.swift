import Apus

/// Training runs in groups, and the panels in which they are seen: the form of most reproductions.
package struct Comparison: Sendable {
  /// One curve: what it is called and how its run differs from the others.
  package struct Line: Sendable {
    package let name: String
    /// The run's directory.
    package let key: String
    package let settings: JSONObject

    package init(_ name: String, key: String, _ settings: JSONObject) {
      self.name = name
      self.key = key
      self.settings = settings
    }

    /// A curve of an optimizer.
    package init(
      _ name: String, _ optimizer: OptimizerKind, learningRate: Double, _ hyperparameters: JSONObject = [:]
    ) {
      var settings: JSONObject = ["optimizer": .string(optimizer.rawValue), "learning-rate": .number(learningRate)]
      if !hyperparameters.keys.isEmpty { settings["hyperparameters"] = .object(hyperparameters) }
      self.init(name, key: optimizer.rawValue, settings)
    }
  }

  /// Runs that share all but their lines' settings.
  package struct Group: Sendable {
    package let key: String
    package let settings: JSONObject
    package let lines: [Line]
    package var seeds: Int
    package var isOptional: Bool
    /// Whether checkpoints stay; those of a sweep would fill a disk.
    package var keepsModels: Bool

    package init(
      key: String, settings: JSONObject, lines: [Line], seeds: Int = 1, isOptional: Bool = false,
      keepsModels: Bool = true
    ) {
      self.key = key
      self.settings = settings
      self.lines = lines
      self.seeds = seeds
      self.isOptional = isOptional
      self.keepsModels = keepsModels
    }
  }

  /// What a panel shows of a run.
  package enum Measure: Sendable {
    /// The mean training loss over each part of an epoch.
    case trainingCost(partsPerEpoch: Int)
    /// The training loss by steps, averaged over a window.
    case trainingLoss(window: Int)
    /// The training loss by steps, averaged over a window, the validation loss, and what the source reports.
    case losses(window: Int, reported: Double)
    /// In percent.
    case accuracy
    /// The validation accuracy at the end, a point for each seed, the lines below one another.
    case finalAccuracies
  }

  /// A panel.
  package struct View: Sendable {
    package let group: String
    package let title: String
    package let measure: Measure
    package let x: ChartAxis
    package let y: ChartAxis

    package init(group: String, title: String, measure: Measure, x: ChartAxis, y: ChartAxis) {
      self.group = group
      self.title = title
      self.measure = measure
      self.x = x
      self.y = y
    }
  }

  var groups: [Group]
  var views: [View]
  var columns: Int
  var sharesX: Bool
  var sharesY: Bool
  var panelSize: SIMD2<Double>

  package init(
    groups: [Group], views: [View], columns: Int = 2, sharesX: Bool = false, sharesY: Bool = false,
    panelSize: SIMD2<Double> = [400, 300]
  ) {
    self.groups = groups
    self.views = views
    self.columns = columns
    self.sharesX = sharesX
    self.sharesY = sharesY
    self.panelSize = panelSize
  }

  /// The training runs.
  var jobs: [TrainingJob] {
    groups.flatMap { group in
      group.lines.flatMap { line in
        (0..<group.seeds).map { seed in
          var settings = group.settings.merging(line.settings)
          settings["seed"] = .integer((settings["seed"]?.integer ?? 0) + seed)
          let name = "\(group.key)/\(line.key)" + (group.seeds > 1 ? "/seed-\(seed)" : "")
          return TrainingJob(name, settings: settings, isOptional: group.isOptional, keepsModel: group.keepsModels)
        }
      }
    }
  }

  /// The figure. Panels of groups that were left out are left out.
  func figure(_ records: RunRecords, title: String) -> Figure {
    let views = views.filter { records.holds($0.group) }
    return Figure(
      title: title,
      panels: views.map { view in
        let lines = groups.first { $0.key == view.group }?.lines ?? []
        let histories = lines.map { records.runs(view.group, $0.key).map(\.history) }
        if case .finalAccuracies = view.measure { return accuracies(view, lines.map(\.name), histories) }
        if case .losses(let window, let reported) = view.measure {
          return losses(view, histories.first ?? [], window: window, reported: reported)
        }
        return FigurePanel(
          title: view.title, x: view.x, y: view.y,
          series: lines.indices.compactMap { series(histories[$0], view.measure, lines[$0].name, style: $0) })
      }, columns: min(columns, max(views.count, 1)), sharesX: sharesX, sharesY: sharesY, panelSize: panelSize)
  }

  /// A row for each line, the first on top, with a point for each seed.
  private func accuracies(_ view: View, _ names: [String], _ histories: [[RunHistory]]) -> FigurePanel {
    let all = histories.joined().compactMap { $0.validation.last?.accuracy }.map { $0 * 100 }
    let (low, high) = (all.min() ?? 0, all.max() ?? 100)
    let room = max((high - low) * 0.06, 0.05)
    return FigurePanel(
      title: view.title, x: ChartAxis(view.x.label, range: (low - room)...(high + room)),
      y: ChartAxis(view.y.label, names: names.reversed()),
      series: names.indices.map { index in
        let accuracies = histories[index].compactMap { $0.validation.last?.accuracy }.sorted()
        let row = Double(names.count - 1 - index)
        return ChartSeries(
          names[index], points: accuracies.map { SIMD2($0 * 100, row) }, hasMarkers: true, style: index)
      })
  }

  /// The losses of a single line, beside what its source reports.
  private func losses(_ view: View, _ runs: [RunHistory], window: Int, reported: Double) -> FigurePanel {
    let training = series(runs, .trainingLoss(window: window), "training", style: 0)
    let validation = runs.flatMap { $0.validation.map { SIMD2(Double($0.step), $0.loss) } }.sorted { $0.x < $1.x }
    let end = validation.last?.x ?? 1
    return FigurePanel(
      title: view.title, x: view.x, y: view.y,
      series: [
        training ?? ChartSeries("training", points: [], style: 0),
        ChartSeries("validation", points: validation, hasMarkers: true, style: 1),
        ChartSeries("reported: \(reported)", points: [[0, reported], [end, reported]], style: 13),
      ])
  }

  /// The mean over seeds, with a band from the lowest to the highest.
  private func series(_ runs: [RunHistory], _ measure: Measure, _ name: String, style: Int) -> ChartSeries? {
    let curves = runs.map { points($0, measure) }
    guard let length = curves.map(\.count).min(), length > 0 else { return nil }
    let band = (0..<length).map { index -> ChartSpread in
      let heights = curves.map { $0[index].y }
      return ChartSpread(x: curves[0][index].x, low: heights.min() ?? .nan, high: heights.max() ?? .nan)
    }
    let mean = (0..<length).map { index in
      SIMD2(curves[0][index].x, curves.reduce(0) { $0 + $1[index].y } / Double(curves.count))
    }
    return ChartSeries(
      name, points: mean, hasMarkers: length <= 12, band: curves.count > 1 ? band : [], style: style)
  }

  private func points(_ run: RunHistory, _ measure: Measure) -> [SIMD2<Double>] {
    switch measure {
    case .trainingCost(let parts): run.trainingCost(partsPerEpoch: parts)
    case .trainingLoss(let window):
      // Averaged points hardly differ from their neighbours; a tenth of a window apart they draw the same curve.
      centredMeans(of: run.trainingLossBySteps, window: window).enumerated()
        .filter { $0.offset % max(window / 10, 1) == 0 }.map(\.element)
    case .losses: run.validation.map { SIMD2($0.epoch, $0.loss) }
    case .finalAccuracies, .accuracy:
      run.validation.compactMap { point in point.accuracy.map { SIMD2(point.epoch, $0 * 100) } }
    }
  }

  /// A row for each line: its settings, and what it came to.
  func table(_ records: RunRecords) -> TextTable {
    var table = TextTable(columns: [
      ("runs", .left), ("line", .left), ("learning rate", .right), ("set", .left), ("training cost", .right),
      ("validation loss", .right), ("accuracy", .right), ("best", .right), ("time", .right),
    ])
    for group in groups {
      for line in group.lines {
        let runs = records.runs(group.key, line.key)
        guard let first = runs.first else { continue }
        func mean(_ value: (RunHistory) -> Double?, _ text: (Double) -> String) -> String {
          records.mean(group.key, line.key, value).map(text) ?? ""
        }
        let set = line.settings["hyperparameters"]?.object ?? JSONObject()
        table.append([
          group.key, line.name, first.settings["learning-rate"].map(\.line) ?? "",
          set.keys.map { "\($0)=\(set[$0]?.line ?? "")" }.joined(separator: " "),
          mean({ $0.finalTrainingCost }, Quantity.loss), mean({ $0.validation.last?.loss }, Quantity.loss),
          mean({ $0.validation.last?.accuracy }, Quantity.percent), mean({ $0.bestAccuracy }, Quantity.percent),
          Quantity.duration(runs.reduce(0) { $0 + $1.seconds }),
        ])
      }
    }
    return table
  }

  /// Several lines' numbers as one measurement: `Adam 0.251, AdaGrad 0.263`.
  func measurement(
    _ records: RunRecords, _ group: String, _ text: (Double) -> String = Quantity.loss,
    _ value: (RunHistory) -> Double? = { $0.finalTrainingCost }
  ) -> Reproduction.Measurement? {
    let parts = (groups.first { $0.key == group }?.lines ?? []).compactMap { line in
      records.mean(group, line.key, value).map { "\(line.name) \(text($0))" }
    }
    return parts.isEmpty ? nil : Reproduction.Measurement(parts.joined(separator: ", "))
  }
}

extension Reproduction {
  /// A reproduction that is a comparison of training runs.
  package init(
    name: String, title: String, source: Source, claims: [Claim], remarks: [String] = [],
    cost: @escaping @Sendable (Tier) -> String, note: @escaping @Sendable (Tier) -> String,
    comparison: @escaping @Sendable (Tier) -> Comparison
  ) {
    self.init(
      name: name, title: title, source: source, claims: claims, remarks: remarks, costs: cost, notes: note,
      jobs: { comparison($0).jobs },
      figure: { comparison($0.tier).figure($0, title: title) },
      table: { comparison($0.tier).table($0) })
  }
}
