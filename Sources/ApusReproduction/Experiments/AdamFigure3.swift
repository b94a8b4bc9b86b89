import Apus

extension Reproduction {
  static let adamFigure3 = Reproduction(
    name: "adam-figure-3", title: "A convolutional network (c64-c64-c128-1000) on CIFAR-10",
    source: .adam("figure 3, section 6.3"),
    claims: [
      Claim(
        "training cost at the end, without dropout",
        reported: "curve only; Adam and SGD converge considerably faster than AdaGrad in the end",
        place: "figure 3, section 6.3"
      ) { adamFigure3Runs($0.tier).measurement($0, "plain") },
      Claim(
        "training cost at the end, with dropout",
        reported: "curve only; Adam and AdaGrad lower the cost fastest at first",
        place: "figure 3, section 6.3"
      ) { adamFigure3Runs($0.tier).measurement($0, "dropout") },
    ],
    remarks: [
      "Batches of 128; three stages of 5×5 convolutions and 3×3 pooling with stride 2, then 1000 rectified units.",
      "The source drops parts of the input and of the dense layer without stating rates: here 0.2 and 0.5. It whitens its "
        + "input; here each channel is normalized.",
      "The source searched its hyperparameters over a dense grid and does not state them.",
    ],
    cost: { $0 == .quick ? "3 min" : "10 h" },
    note: { $0 == .quick ? "60 steps, a sixth of an epoch, of 45 epochs" : "45 epochs" },
    comparison: adamFigure3Runs)
}

private func adamFigure3Runs(_ tier: Reproduction.Tier) -> Comparison {
  var common: JSONObject = ["dataset": "cifar10", "model": "adam-cnn", "batch-size": 128]
  if tier == .quick { common["steps"] = 60 } else { common["epochs"] = 45 }
  let lines = { (suffix: String) in
    [
      Comparison.Line("AdaGrad" + suffix, .adagrad, learningRate: 0.01),
      Comparison.Line("SGD Nesterov" + suffix, .nesterov, learningRate: 0.01),
      Comparison.Line("Adam" + suffix, .adam, learningRate: 0.0005),
    ]
  }
  let early = Comparison.Measure.trainingCost(partsPerEpoch: tier == .quick ? 50 : 10)
  let x = ChartAxis.epochs
  let firstEpochs = ChartAxis(x.label, range: 0...3)
  // AdaGrad's first steps, far above the rest, would leave it a tenth of the panel.
  let y = tier == .quick ? ChartAxis(ChartAxis.trainingCost.label, range: 1.5...2.6) : .trainingCost
  var views = [
    Comparison.View(
      group: "plain", title: "no dropout, first epochs", measure: early, x: tier == .quick ? x : firstEpochs,
      y: y),
    Comparison.View(
      group: "dropout", title: "dropout, first epochs", measure: early, x: tier == .quick ? x : firstEpochs,
      y: y),
  ]
  if tier == .full {
    views += [("plain", "no dropout"), ("dropout", "dropout")].map { group, title in
      Comparison.View(
        group: group, title: title + ", all epochs", measure: .trainingCost(partsPerEpoch: 1), x: x,
        y: .logarithmicTrainingCost)
    }
  }
  return Comparison(
    groups: [
      Comparison.Group(key: "plain", settings: common, lines: lines("")),
      Comparison.Group(
        key: "dropout", settings: common.merging(["input-dropout": 0.2, "dropout": 0.5]), lines: lines("")),
    ], views: views, panelSize: [400, 280])
}
