import Apus
import Foundation

extension Reproduction {
  static let adamFigure4 = Reproduction(
    name: "adam-figure-4", title: "Bias correction: a variational autoencoder with and without",
    source: .adam("figure 4, section 6.4"),
    claims: [
      Claim(
        "loss at the largest α with β₁ = 0.9, β₂ = 0.9999",
        reported: "curve only; β₂ close to 1 is unstable without bias correction, above all in the first epochs",
        place: "figure 4, section 6.4"
      ) { records in
        let study = BiasCorrectionStudy(records.tier)
        guard let alpha = study.exponents.last, let epochs = study.epochs.first else { return nil }
        let parts = [true, false].compactMap { corrects -> String? in
          guard let loss = study.loss(records, 0.9, 0.9999, corrects, alpha, after: epochs) else { return nil }
          return "\(corrects ? "with" : "without") \(loss.isFinite ? Quantity.loss(loss) : "diverged")"
        }
        return parts.isEmpty ? nil : Measurement(parts.joined(separator: ", "))
      }
    ],
    remarks: [
      "500 softplus units on each side and 50 latents, MNIST, batches of 100 as in Kingma and Welling 2014; the loss is the "
        + "mean negative evidence lower bound over the training samples of the last epoch.",
      "The source gives the range of log₁₀ α as −5 to −1 without its steps.",
    ],
    costs: { $0 == .quick ? "3 min" : "10 h" },
    notes: { $0 == .quick ? "1 epoch instead of 10 and 100, 4 values of α" : "" },
    jobs: { BiasCorrectionStudy($0).jobs },
    figure: { BiasCorrectionStudy($0.tier).figure($0) },
    table: { BiasCorrectionStudy($0.tier).table($0) })
}

/// Adam over β₁, β₂ and α, with and without bias correction.
private struct BiasCorrectionStudy {
  let beta1s = [0, 0.9]
  let beta2s = [0.99, 0.999, 0.9999]
  let exponents: [Double]
  /// The epochs after which the loss is shown.
  let epochs: [Int]

  init(_ tier: Reproduction.Tier) {
    exponents = tier == .quick ? [-4, -3, -2.5, -2] : stride(from: -5, through: -1, by: 0.5).map { $0 }
    epochs = tier == .quick ? [1] : [10, 100]
  }

  private func name(_ beta1: Double, _ beta2: Double, _ corrects: Bool, _ exponent: Double) -> String {
    "\(corrects ? "corrected" : "uncorrected")/beta1-\(beta1)-beta2-\(beta2)-alpha-1e\(exponent)"
  }

  var jobs: [TrainingJob] {
    var jobs: [TrainingJob] = []
    for (beta1, beta2) in settings {
      for exponent in exponents {
        for corrects in [true, false] {
          jobs.append(
            TrainingJob(
              name(beta1, beta2, corrects, exponent),
              settings: [
                "dataset": "mnist", "model": "vae", "batch-size": 100, "epochs": .integer(epochs.max() ?? 1),
                "optimizer": "adam", "learning-rate": .number(pow(10, exponent)),
                "hyperparameters": .object([
                  "beta1": .number(beta1), "beta2": .number(beta2), "bias-correction": .bool(corrects),
                ]),
              ], keepsModel: false))
        }
      }
    }
    return jobs
  }

  private var settings: [(Double, Double)] { beta1s.flatMap { beta1 in beta2s.map { (beta1, $0) } } }

  /// The mean training loss of an epoch; not finite where the run diverged, nil where there is no such run.
  func loss(
    _ records: RunRecords, _ beta1: Double, _ beta2: Double, _ corrects: Bool, _ exponent: Double, after epoch: Int
  ) -> Double? {
    let name = name(beta1, beta2, corrects, exponent)
    guard let record = records.records.first(where: { $0.job.name == name }) else { return nil }
    let costs = record.history.trainingCost(partsPerEpoch: 1)
    return costs.count >= epoch ? costs[epoch - 1].y : costs.last?.y
  }

  func figure(_ records: RunRecords) -> Figure {
    let losses = jobs.indices.isEmpty ? [] : allLosses(records)
    let best = losses.filter(\.isFinite).min() ?? 100
    let panels = beta1s.flatMap { beta1 in
      epochs.flatMap { epoch in
        beta2s.map { beta2 in
          FigurePanel(
            title: "\(epoch) epoch\(epoch == 1 ? "" : "s"): β₁ = \(beta1 == 0 ? "0" : "\(beta1)"), β₂ = \(beta2)",
            x: ChartAxis("log₁₀ α", range: (exponents[0] - 0.3)...((exponents.last ?? -1) + 0.3)),
            y: ChartAxis("loss (nats)", range: (best * 0.95)...(best * 2.2)),
            series: [true, false].enumerated().map { index, corrects in
              ChartSeries(
                corrects ? "with bias correction" : "without",
                points: exponents.compactMap { exponent in
                  loss(records, beta1, beta2, corrects, exponent, after: epoch).map { [exponent, $0] }
                }, hasMarkers: true, marksDiverged: true, style: index)
            })
        }
      }
    }
    return Figure(
      title: Reproduction.adamFigure4.title, panels: panels, columns: beta2s.count * epochs.count, sharesX: true,
      sharesY: true, panelSize: epochs.count > 1 ? [170, 170] : [250, 180])
  }

  private func allLosses(_ records: RunRecords) -> [Double] {
    records.records.flatMap { record in
      epochs.compactMap { epoch in
        let costs = record.history.trainingCost(partsPerEpoch: 1)
        return costs.count >= epoch ? costs[epoch - 1].y : nil
      }
    }
  }

  func table(_ records: RunRecords) -> TextTable {
    var table = TextTable(
      columns: [("β₁", .left), ("β₂", .left), ("log₁₀ α", .right)]
        + epochs.flatMap { epoch in
          [("with, epoch \(epoch)", .right), ("without, epoch \(epoch)", .right)] as [(String, TextTable.Alignment)]
        })
    for (beta1, beta2) in settings {
      for exponent in exponents {
        table.append(
          ["\(beta1)", "\(beta2)", "\(exponent)"]
            + epochs.flatMap { epoch in
              [true, false].map { corrects in
                loss(records, beta1, beta2, corrects, exponent, after: epoch).map {
                  $0.isFinite ? Quantity.loss($0) : "diverged"
                } ?? ""
              }
            })
      }
    }
    return table
  }
}
