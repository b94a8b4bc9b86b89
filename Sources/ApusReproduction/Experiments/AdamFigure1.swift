import Apus

extension Reproduction {
  static let adamFigure1 = Reproduction(
    name: "adam-figure-1", title: "Logistic regression on MNIST and on IMDB bags of words",
    source: .adam("figure 1, section 6.1"),
    claims: [
      Claim(
        "training cost at the end, MNIST",
        reported: "curve only; Adam similar to SGD with Nesterov momentum, both faster than AdaGrad",
        place: "figure 1 (left), section 6.1"
      ) { adamFigure1Runs($0.tier).measurement($0, "mnist") },
      Claim(
        "training cost at the end, IMDB with dropout",
        reported: "curve only; AdaGrad far ahead of SGD with Nesterov momentum, Adam as fast as AdaGrad",
        place: "figure 1 (right), section 6.1"
      ) { adamFigure1Runs($0.tier).measurement($0, "imdb") },
    ],
    remarks: [
      "α falls as α/√t, t counting steps as in the source's section 4. AdaGrad keeps its α: by section 5 it is Adam with "
        + "just that decay. (With the decay on top, AdaGrad falls behind the others on IMDB too.)",
      "The source searched its hyperparameters over a dense grid and does not state them; here each learning rate is the "
        + "best of 1, 2 and 5 times powers of ten by the mean training cost, over 45 epochs of MNIST and 20 of IMDB.",
      "L2 regularization is in the source without its strength; here it is 1e-4, and the cost shown is without it.",
      "RMSProp is in the source's right panel alone.",
    ],
    cost: { $0 == .quick ? "1 to 3 min" : "15 min" },
    note: {
      $0 == .quick ? "MNIST 45 epochs as in the source, IMDB 20 of 160 epochs" : "as many epochs as the source's figure"
    },
    comparison: adamFigure1Runs)
}

private func adamFigure1Runs(_ tier: Reproduction.Tier) -> Comparison {
  let common: JSONObject = [
    "model": "logistic", "batch-size": 128, "schedule": "inverse-sqrt:unit=step",
    "hyperparameters": .object(["weight-decay": 1e-4]),
  ]
  return Comparison(
    groups: [
      Comparison.Group(
        key: "mnist", settings: common.merging(["dataset": "mnist", "epochs": 45]),
        lines: [
          plainAdaGrad(learningRate: 0.1),
          Comparison.Line("SGD Nesterov", .nesterov, learningRate: 2),
          Comparison.Line("Adam", .adam, learningRate: 0.1),
          Comparison.Line("RMSProp", .rmsprop, learningRate: 0.02),
        ]),
      // What it needs may be missing from this build or this machine; the left panel stands alone then.
      Comparison.Group(
        key: "imdb",
        settings: common.merging([
          "dataset": "imdb", "input-dropout": 0.5, "epochs": tier == .quick ? 20 : 160,
        ]),
        lines: [
          plainAdaGrad(learningRate: 0.05),
          Comparison.Line("SGD Nesterov", .nesterov, learningRate: 0.5),
          Comparison.Line("Adam", .adam, learningRate: 0.05),
          Comparison.Line("RMSProp", .rmsprop, learningRate: 0.01),
        ], isOptional: true),
    ],
    views: [
      Comparison.View(
        group: "mnist", title: "MNIST", measure: .trainingCost(partsPerEpoch: 1), x: .epochs,
        y: ChartAxis(ChartAxis.trainingCost.label, range: 0.2...0.7)),
      Comparison.View(
        group: "imdb", title: "IMDB bags of words, dropout 0.5", measure: .trainingCost(partsPerEpoch: 1), x: .epochs,
        y: ChartAxis(ChartAxis.trainingCost.label, range: 0.2...0.5)),
    ], panelSize: [400, 300])
}

/// AdaGrad at a constant α: its sum of squares is the decay.
private func plainAdaGrad(learningRate: Double) -> Comparison.Line {
  Comparison.Line(
    "AdaGrad", key: "adagrad",
    ["optimizer": "adagrad", "learning-rate": .number(learningRate), "schedule": "constant"])
}
