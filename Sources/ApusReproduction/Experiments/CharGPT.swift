import Apus

extension Reproduction {
  static let charGPT = Reproduction(
    name: "char-gpt", title: "A small transformer on the characters of Shakespeare",
    source: Source(
      citation: "Karpathy, nanoGPT", place: "README, quick start: \"I only have a macbook\"",
      link: "https://github.com/karpathy/nanoGPT"),
    claims: [
      Claim(
        "loss after 2000 iterations (validation, nats per character)", reported: "1.88", value: 1.88,
        place: "README, quick start: \"gets us a loss of only 1.88\""
      ) { records in
        records.mean("shakespeare", "adamw") { $0.validation.last?.loss }.map {
          Measurement(Quantity.loss($0), value: $0)
        }
      }
    ],
    remarks: [
      "4 layers, 4 heads, width 128, context 64, batches of 12, no dropout; AdamW at 1e-3 with β₂ = 0.99 and weight decay 0.1 "
        + "on matrices only, warm-up over 100 iterations, then a cosine to 1e-4; gradients clipped to a norm of 1.",
      "The source estimates its loss on 20 batches; here it is over the validation part of the text.",
    ],
    cost: { $0 == .quick ? "2 min" : "6 min" },
    note: { $0 == .quick ? "all 2000 iterations, one seed" : "three seeds" },
    comparison: charGPTRuns)
}

private func charGPTRuns(_ tier: Reproduction.Tier) -> Comparison {
  Comparison(
    groups: [
      Comparison.Group(
        key: "shakespeare",
        settings: [
          "dataset": "shakespeare", "model": "gpt", "depth": 4, "heads": 4, "width": 128, "context": 64, "dropout": 0,
          "tied": true, "bias": false, "evaluate-every": 250,
          "batch-size": 12, "steps": 2000, "schedule": "cosine:min=0.0001,warmup=100", "clip-norm": 1,
          "decayed": "matrices",
        ],
        lines: [
          Comparison.Line("AdamW", .adamw, learningRate: 0.001, ["beta2": 0.99, "weight-decay": 0.1])
        ], seeds: tier == .quick ? 1 : 3)
    ],
    views: [
      Comparison.View(
        group: "shakespeare", title: "", measure: .losses(window: 51, reported: 1.88),
        x: ChartAxis("iteration", isWhole: true), y: ChartAxis("loss (nats per character)"))
    ], panelSize: [520, 320])
}
