import ApusData
import ApusLayers
import ApusOptimizers
import ApusTestSupport
import ApusTraining
import Testing

@Suite struct TrainerTests {
  private func configuration(_ optimizer: OptimizerKind = .amsbound) -> RunConfiguration {
    var configuration = RunConfiguration()
    configuration.hidden = [7]
    configuration.dropout = 0.25
    configuration.optimizer = optimizer
    configuration.learningRate = 0.02
    configuration.batchSize = 8
    configuration.steps = 40
    configuration.seed = 3
    return configuration
  }

  private func trainer(_ configuration: RunConfiguration) throws -> Trainer {
    try Trainer(try configuration.makePlan(.samples(.clusters())), on: ReferenceBackend())
  }

  private func parameters(_ trainer: Trainer) throws -> [[Float]] {
    try trainer.arena.entries.map { try trainer.values(of: $0.name) }
  }

  @Test func parametersAreNamedAndShapedAsInPyTorch() throws {
    let trainer = try trainer(configuration())
    #expect(
      trainer.arena.entries.map(\.name) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"])
    #expect(trainer.arena.entries.map(\.shape) == [[7, 6], [7], [3, 7], [3]])
  }

  @Test func lossFallsAndAccuracyRises() throws {
    let trainer = try trainer(configuration())
    let before = try trainer.evaluate()
    for _ in 0..<40 { try trainer.runStep() }
    let losses = try trainer.losses()
    let after = try trainer.evaluate()
    #expect(losses.map(\.step) == Array(1...40))
    #expect(losses.suffix(5).reduce(0) { $0 + $1.loss } < 0.8 * losses.prefix(5).reduce(0) { $0 + $1.loss })
    #expect(after.loss < 0.6 * before.loss)
    #expect(try #require(after.accuracy) > 0.9)
    #expect(after.predictions.count == 25)
  }

  @Test(arguments: [1, 7, 8, 15, 39])
  func aResumedRunIsBitIdentical(stop: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.file("state.safetensors")
      let uninterrupted = try trainer(configuration())
      for _ in 0..<40 { try uninterrupted.runStep() }

      let first = try trainer(configuration())
      for _ in 0..<stop { try first.runStep() }
      try Checkpoint.write(first, configuration: configuration(), bestScore: 0.5, to: path)

      let checkpoint = try Checkpoint(path: path)
      #expect(checkpoint.step == stop)
      #expect(checkpoint.bestScore == 0.5)
      #expect(checkpoint.configuration == configuration())
      let second = try trainer(checkpoint.configuration)
      try second.restore(checkpoint)
      while second.step < 40 { try second.runStep() }
      #expect(try parameters(second) == (try parameters(uninterrupted)))
      #expect(try parameters(first) != (try parameters(uninterrupted)))
    }
  }

  @Test func anotherSeedIsAnotherRun() throws {
    var other = configuration()
    other.seed = 4
    #expect(try parameters(trainer(other)) != (try parameters(trainer(configuration()))))
  }

  @Test func clippingLimitsTheStep() throws {
    var plain = configuration(.sgd)
    plain.learningRate = 1
    plain.steps = 1
    var clipped = plain
    clipped.clipNorm = 0.01
    func movement(_ configuration: RunConfiguration) throws -> Float {
      let trainer = try trainer(configuration)
      let before = try parameters(trainer).flatMap { $0 }
      try trainer.runStep()
      let after = try parameters(trainer).flatMap { $0 }
      return zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    #expect(try movement(plain) > 0.02)
    #expect(abs(try movement(clipped) - 0.01) < 1e-5)
  }

  @Test(arguments: [OptimizerKind.sgd, .adamw])
  func weightDecayCanLeaveVectorsAlone(_ optimizer: OptimizerKind) throws {
    func afterAStep(decay: String, of decayed: DecayedParameters) throws -> [String: [Float]] {
      var plan = configuration(optimizer)
      plan.learningRate = 0.1
      plan.steps = 1
      plan.hyperparameters["weight-decay"] = decay
      plan.decayed = decayed
      let trainer = try trainer(plan)
      try trainer.runStep()
      return try Dictionary(
        uniqueKeysWithValues: trainer.arena.entries.map { ($0.name, try trainer.values(of: $0.name)) })
    }
    let without = try afterAStep(decay: "0", of: .all)
    let all = try afterAStep(decay: "0.3", of: .all)
    let matrices = try afterAStep(decay: "0.3", of: .matrices)
    for name in without.keys {
      #expect(matrices[name] == (name.hasSuffix("bias") ? without[name] : all[name]))
      #expect(all[name] != without[name])
    }
  }

  @Test func aCheckpointOfAnotherModelIsRefusedByName() throws {
    try withTemporaryFolder { folder in
      let path = folder.file("state.safetensors")
      try Checkpoint.write(try trainer(configuration()), configuration: configuration(), bestScore: nil, to: path)
      var wider = configuration()
      wider.hidden = [9]
      let checkpoint = try Checkpoint(path: path)
      let error = #expect(throws: TrainingError.self) { try trainer(wider).restore(checkpoint) }
      #expect(error?.message.contains("layers.0.weight has shape [7, 6], but the model needs [9, 6]") == true)
      wider.hidden = []
      #expect(throws: TrainingError.self) { try trainer(wider).loadParameters(checkpoint.file) }
    }
  }

  @Test func aRunFillsItsDirectory() throws {
    try withTemporaryFolder { folder in
      let directory = folder.file("a/run")
      let run = try Run(configuration(), data: .samples(.clusters()), on: ReferenceBackend(), directory: directory)
      var evaluations = 0
      let outcome = try run.train { event in if case .evaluated = event { evaluations += 1 } }
      guard case .finished = outcome else { Issue.record("not finished"); return }
      // 60 samples in batches of 8: epochs end with the steps 8, 15, 23, 30 and 38, and the run with step 40.
      #expect(evaluations == 6)
      let lines = try text(of: directory + "/metrics.jsonl").split(separator: "\n")
      #expect(lines.count == 40 + 6)
      #expect(lines.first?.hasPrefix(#"{"step": 1, "split": "train", "loss": "#) == true)
      #expect(try Checkpoint(path: directory + "/checkpoint.safetensors").step == 40)
      #expect(try Checkpoint(path: directory + "/best.safetensors").step <= 40)
    }
  }

  @Test func anInterruptedRunLeavesAStateAndItsMetricsGoOn() throws {
    try withTemporaryFolder { folder in
      let whole = folder.file("whole")
      let parts = folder.file("parts")
      _ = try Run(configuration(), data: .samples(.clusters()), on: ReferenceBackend(), directory: whole).train()
      let first = try Run(configuration(), data: .samples(.clusters()), on: ReferenceBackend(), directory: parts)
      var asked = 0
      let outcome = try first.train(shouldStop: {
        asked += 1
        return asked > 13
      })
      guard case .interrupted = outcome else { Issue.record("not interrupted"); return }
      let checkpoint = try Checkpoint(path: parts + "/checkpoint.safetensors")
      #expect(checkpoint.step == 13)
      let second = try Run(
        checkpoint.configuration, data: .samples(.clusters()), on: ReferenceBackend(), directory: parts,
        resuming: checkpoint)
      _ = try second.train()
      #expect(try text(of: parts + "/metrics.jsonl") == (try text(of: whole + "/metrics.jsonl")))
      #expect(try bytes(of: parts + "/checkpoint.safetensors") == (try bytes(of: whole + "/checkpoint.safetensors")))
    }
  }
}
