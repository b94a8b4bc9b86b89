import Apus

extension Reproduction {
  static let adamFigure2 = Reproduction(
    name: "adam-figure-2", title: "Two hidden layers of 1000 rectified units on MNIST",
    source: .adam("figure 2, section 6.2"),
    claims: [
      Claim(
        "training cost at the end, with dropout", reported: "curve only; Adam converges better than the others",
        place: "figure 2 (a), section 6.2"
      ) { adamFigure2Runs($0.tier).measurement($0, "dropout") },
      Claim(
        "training cost at the end, without dropout",
        reported: "curve only; Adam faster than SFO, which is not in Apus",
        place: "figure 2 (b), section 6.2"
      ) { adamFigure2Runs($0.tier).measurement($0, "deterministic") },
    ],
    remarks: [
      "Batches of 128, rectifiers, dropout 0.5 on both hidden layers (the source does not state the rate).",
      "The source searched its hyperparameters over a dense grid and does not state them; here each learning rate is the "
        + "best of 1, 2 and 5 times powers of ten by the training cost of the fourth epoch with dropout.",
      "The right panel has an L2 penalty of unstated strength in the source; here it is 1e-5, and the cost shown is without it.",
    ],
    cost: { $0 == .quick ? "2 min" : "75 min" },
    note: { $0 == .quick ? "2 of 200 epochs, a point every fifth of an epoch" : "200 epochs with dropout and without" },
    comparison: adamFigure2Runs)
}

private func adamFigure2Runs(_ tier: Reproduction.Tier) -> Comparison {
  let common: JSONObject = [
    "dataset": "mnist", "model": "mlp", "hidden": [1000, 1000], "batch-size": 128, "epochs": tier == .quick ? 2 : 200,
  ]
  let lines = [
    Comparison.Line("AdaGrad", .adagrad, learningRate: 0.01),
    Comparison.Line("RMSProp", .rmsprop, learningRate: 0.0005),
    Comparison.Line("SGD Nesterov", .nesterov, learningRate: 0.05),
    Comparison.Line("AdaDelta", .adadelta, learningRate: 1),
    Comparison.Line("Adam", .adam, learningRate: 0.0005),
  ]
  let measure = Comparison.Measure.trainingCost(partsPerEpoch: tier == .quick ? 5 : 1)
  return Comparison(
    groups: [
      Comparison.Group(key: "dropout", settings: common.merging(["dropout": 0.5]), lines: lines),
      Comparison.Group(
        key: "deterministic", settings: common.merging(["hyperparameters": .object(["weight-decay": 1e-5])]),
        lines: lines),
    ],
    views: [
      Comparison.View(
        group: "dropout", title: "dropout 0.5", measure: measure, x: .epochs, y: .logarithmicTrainingCost),
      Comparison.View(
        group: "deterministic", title: "no dropout, L2", measure: measure, x: .epochs, y: .logarithmicTrainingCost),
    ], sharesY: false, panelSize: [400, 300])
}
