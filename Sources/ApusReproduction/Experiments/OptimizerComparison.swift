import Apus

extension Reproduction {
  static let optimizerComparison = Reproduction(
    name: "optimizer-comparison", title: "Ten optimizers on a 784-200-200-10 perceptron, MNIST",
    source: Source(
      citation: "Saito, \"Deep Learning from Scratch\", O'Reilly Japan, 2016, whose comparison it follows in form",
      place: "section 6.1.7, ch06/optimizer_compare_mnist.py",
      link: "https://github.com/oreilly-japan/deep-learning-from-scratch"),
    claims: [
      Claim(
        "training loss at the end", reported: "curve only (SGD, Momentum, AdaGrad, Adam; four hidden layers of 100)",
        place: "section 6.1.7, the figure that compares the optimizers"
      ) { optimizerComparisonRuns(.quick).measurement($0, "mnist") }
    ],
    remarks: [
      "Weights start from a normal distribution of deviation 0.01, biases at 0; every optimizer has the same start and batches.",
      "Learning rates: the best of a grid of 1, 2 and 5 times powers of ten by the training loss over the last 100 of 1000 steps.",
    ],
    cost: { $0 == .quick ? "1 min" : "15 min" },
    note: { $0 == .quick ? "1000 steps, 3 seeds; bands from the lowest to the highest" : "6000 steps, 10 seeds" },
    comparison: optimizerComparisonRuns)
}

private func optimizerComparisonRuns(_ tier: Reproduction.Tier) -> Comparison {
  let settings: JSONObject = [
    "dataset": "mnist", "model": "mlp", "hidden": [200, 200], "initializer": "normal:0.01", "batch-size": 100,
    "steps": tier == .quick ? 1000 : 6000,
  ]
  let step = ChartAxis("training step", isWhole: true)
  return Comparison(
    groups: [
      Comparison.Group(
        key: "mnist", settings: settings,
        lines: [
          Comparison.Line("SGD", .sgd, learningRate: 0.5),
          Comparison.Line("Momentum", .momentum, learningRate: 0.1),
          Comparison.Line("Nesterov", .nesterov, learningRate: 0.1),
          Comparison.Line("AdaGrad", .adagrad, learningRate: 0.02),
          Comparison.Line("RMSProp", .rmsprop, learningRate: 0.002),
          Comparison.Line("AdaDelta", .adadelta, learningRate: 2),
          Comparison.Line("Adam", .adam, learningRate: 0.005),
          Comparison.Line("AdaMax", .adamax, learningRate: 0.01),
          Comparison.Line("AdaBound", .adabound, learningRate: 0.01),
          Comparison.Line("AMSBound", .amsbound, learningRate: 0.01),
        ], seeds: tier == .quick ? 3 : 10, keepsModels: false)
    ],
    views: [
      Comparison.View(
        group: "mnist", title: "training", measure: .trainingLoss(window: tier == .quick ? 51 : 301), x: step,
        y: ChartAxis("training loss (nats)", scale: .logarithmic)),
      Comparison.View(
        group: "mnist", title: "at the end, one point per seed", measure: .finalAccuracies,
        x: ChartAxis("validation accuracy (%)"), y: ChartAxis("")),
    ], panelSize: [420, 300])
}
