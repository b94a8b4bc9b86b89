import Apus

extension Reproduction {
  static let adaboundCIFAR10 = Reproduction(
    name: "adabound-cifar10",
    title: "AdaBound and AMSBound against SGD, Adam and AMSGrad: a residual network on CIFAR-10",
    source: Source(
      citation: "Luo et al., \"Adaptive Gradient Methods with Dynamic Bound of Learning Rate\", ICLR 2019",
      place: "section 5, and the authors' demos/cifar10/main.py",
      link: "arXiv:1902.09843, https://github.com/Luolc/AdaBound"),
    claims: [
      Claim(
        "test accuracy at the end", reported: "curve only", place: "section 5, the figure of ResNet-34 on CIFAR-10"
      ) { adaboundRuns($0.tier).measurement($0, "resnet", Quantity.percent) { $0.validation.last?.accuracy } },
      Claim(
        "highest test accuracy", reported: "curve only", place: "section 5, the figure of ResNet-34 on CIFAR-10"
      ) { adaboundRuns($0.tier).measurement($0, "resnet", Quantity.percent) { $0.bestAccuracy } },
    ],
    remarks: [
      "The authors' demo: batches of 128, weight decay 5e-4, 200 epochs, the learning rate divided by 10 after 150; final-lr 0.1 "
        + "and gamma 1e-3; SGD with momentum 0.9 at 0.1, the others at 0.001; random crops with a border of 4, and flips."
    ],
    cost: { $0 == .quick ? "3 min" : "2 weeks; days on a GPU" },
    note: { $0 == .quick ? "resnet20 instead of resnet34, 50 steps instead of 200 epochs" : "" },
    comparison: adaboundRuns)
}

private func adaboundRuns(_ tier: Reproduction.Tier) -> Comparison {
  var settings: JSONObject = [
    "dataset": "cifar10", "model": tier == .quick ? "resnet20" : "resnet34", "batch-size": 128, "augment-crop": 4,
    "augment-flip": true,
    "schedule": "step:factor=0.1,every=150", "hyperparameters": .object(["weight-decay": 5e-4]),
  ]
  if tier == .quick {
    settings["steps"] = 50
    settings["evaluate-every"] = 25
  } else {
    settings["epochs"] = 200
  }
  // Two evaluations of a quick run would else be most of their panel.
  let epochs = ChartAxis("epochs", range: tier == .quick ? 0...0.14 : nil)
  let bounds: JSONObject = ["final-lr": 0.1, "gamma": 1e-3]
  return Comparison(
    groups: [
      Comparison.Group(
        key: "resnet", settings: settings,
        lines: [
          Comparison.Line("SGD with momentum", .momentum, learningRate: 0.1, ["momentum": 0.9]),
          Comparison.Line("Adam", .adam, learningRate: 0.001),
          Comparison.Line("AMSGrad", .amsgrad, learningRate: 0.001),
          Comparison.Line("AdaBound", .adabound, learningRate: 0.001, bounds),
          Comparison.Line("AMSBound", .amsbound, learningRate: 0.001, bounds),
        ])
    ],
    views: [
      Comparison.View(
        group: "resnet", title: "training", measure: .trainingCost(partsPerEpoch: tier == .quick ? 50 : 1),
        x: epochs, y: .logarithmicTrainingCost),
      Comparison.View(
        group: "resnet", title: "test", measure: .accuracy, x: epochs, y: ChartAxis("test accuracy (%)")),
    ], panelSize: [400, 300])
}
