/// The curves of one training run.
public struct RunCurves: Hashable, Sendable {
  /// The run's name, such as its optimizer's.
  public var name: String
  /// Step and training loss.
  public var trainingLoss: [SIMD2<Double>] = []
  /// Step and validation loss.
  public var validationLoss: [SIMD2<Double>] = []
  /// Step and validation accuracy, 0 to 1.
  public var validationAccuracy: [SIMD2<Double>] = []

  /// A run without points yet.
  public init(name: String) { self.name = name }

  /// The curves in a run's metrics: objects with `step`, `split`, `loss` and maybe `accuracy`.
  public init(name: String, metrics: [JSONObject]) {
    self.init(name: name)
    for line in metrics {
      guard let step = line["step"]?.number else { continue }
      switch line["split"]?.string {
      case "train": if let loss = line["loss"]?.number { trainingLoss.append([step, loss]) }
      case "validation":
        if let loss = line["loss"]?.number { validationLoss.append([step, loss]) }
        if let accuracy = line["accuracy"]?.number { validationAccuracy.append([step, accuracy]) }
      default: continue
      }
    }
  }

  /// Over how many points the training loss is averaged: a fiftieth of the run, so that one sees its course.
  var smoothingWindow: Int { trainingLoss.count < 20 ? 1 : max(3, trainingLoss.count / 50 | 1) }

  private var percentages: [SIMD2<Double>] { validationAccuracy.map { [$0.x, $0.y * 100] } }

  /// One run: training and validation loss, and the validation accuracy below.
  public func chart(title: String) -> Chart {
    var loss = [ChartSeries("training", points: trainingLoss, smoothingWindow: smoothingWindow, style: 0)]
    if !validationLoss.isEmpty {
      loss.append(ChartSeries("validation", points: validationLoss, hasMarkers: true, style: 1))
    }
    let step = ChartAxis("training step", isWhole: true)
    var panels = [ChartPanel(x: step, y: ChartAxis("loss (nats)", scale: .automatic), series: loss)]
    if !validationAccuracy.isEmpty {
      panels.append(
        ChartPanel(
          x: step, y: ChartAxis("accuracy (%)"),
          series: [ChartSeries("validation", points: percentages, hasMarkers: true, style: 1)]))
    }
    return Chart(title: title, panels: panels)
  }

  /// Several runs: their training losses, and their validation accuracies below.
  public static func comparison(of runs: [RunCurves], title: String) -> Chart {
    let step = ChartAxis("training step", isWhole: true)
    let losses = runs.map { run in
      ChartSeries(run.name, points: run.trainingLoss, smoothingWindow: run.smoothingWindow, showsRaw: runs.count <= 3)
    }
    var panels = [ChartPanel(x: step, y: ChartAxis("training loss (nats)", scale: .automatic), series: losses)]
    if runs.contains(where: { !$0.validationAccuracy.isEmpty }) {
      let accuracies = runs.map { ChartSeries($0.name, points: $0.percentages, hasMarkers: true) }
      panels.append(ChartPanel(x: step, y: ChartAxis("validation accuracy (%)"), series: accuracies))
    }
    return Chart(title: title, panels: panels)
  }
}
