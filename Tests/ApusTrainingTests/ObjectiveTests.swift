import ApusData
import ApusFormats
import ApusGraph
import ApusLayers
import ApusTestSupport
import ApusTraining
import Testing

/// Every objective and form of data through the trainer, on the reference backend.
@Suite struct ObjectiveTests {
  private static let text: TextDataset = {
    let phrase = "a rose is a rose is a rose. "
    let vocabulary = Vocabulary(characters: phrase.unicodeScalars)
    let tokens = (try? vocabulary.encode(String(repeating: phrase, count: 12))) ?? []
    return TextDataset(
      name: "rose", vocabulary: vocabulary, training: Array(tokens.dropLast(60)), validation: tokens.suffix(60))
  }()

  private func configuration(_ model: ModelKind, steps: Int = 30) -> RunConfiguration {
    var configuration = RunConfiguration()
    configuration.model = model
    configuration.batchSize = 6
    configuration.steps = steps
    configuration.learningRate = 0.02
    configuration.depth = 1
    configuration.heads = 2
    configuration.width = 8
    configuration.context = 7
    return configuration
  }

  private func trainer(_ configuration: RunConfiguration, _ data: TrainingData) throws -> Trainer {
    try Trainer(try configuration.makePlan(data), on: ReferenceBackend())
  }

  private func losses(_ trainer: Trainer, _ steps: Int) throws -> [Float] {
    for _ in 0..<steps { try trainer.runStep() }
    return try trainer.losses().map(\.loss)
  }

  @Test(arguments: [(ModelKind.gpt, CharacterRNN.Cell.lstm), (.characterRNN, .lstm), (.characterRNN, .gru)])
  func languageModelsLearn(model: ModelKind, cell: CharacterRNN.Cell) throws {
    var configuration = configuration(model)
    configuration.cell = cell
    let trainer = try trainer(configuration, .text(Self.text))
    let before = try trainer.evaluate()
    let losses = try losses(trainer, 30)
    let after = try trainer.evaluate()
    // Nine characters: a model that knows nothing has a loss near log 9.
    #expect((before.loss - 2.2).magnitude < 0.3)
    #expect(before.sampleCount == 59 / 7)
    #expect(losses.suffix(3).reduce(0, +) < 0.75 * losses.prefix(3).reduce(0, +))
    #expect(after.loss < 0.75 * before.loss)
    #expect(try #require(after.accuracy) > 0.4)
    #expect(after.predictions.isEmpty)
  }

  @Test func windowsAreDrawnAnywhereOrLieSideBySide() throws {
    var configuration = configuration(.gpt)
    var plan = try configuration.makePlan(.text(Self.text))
    var order = try plan.batchOrder()
    let drawn = (0..<50).flatMap { order.indices(step: $0) }
    #expect(Set(drawn.map { $0 % 7 }).count == 7)
    #expect(drawn.allSatisfy { $0 >= 0 && Int($0) + 7 < Self.text.training.count })
    #expect(order.steps(forEpochs: 1) == ((Self.text.training.count - 1) / 7 + 5) / 6)
    configuration.shuffles = false
    plan = try configuration.makePlan(.text(Self.text))
    order = try plan.batchOrder()
    #expect(order.indices(step: 0) == [0, 1, 2, 3, 4, 5])
  }

  @Test func aTextThatIsTooShortIsRefused() throws {
    var configuration = configuration(.gpt)
    configuration.context = 200
    let error = #expect(throws: TrainingError.self) { try trainer(configuration, .text(Self.text)) }
    #expect(error?.message.contains("rose: its validation part has 60 tokens") == true)
    configuration.context = 1000
    #expect(throws: TrainingError.self) { try configuration.makePlan(.text(Self.text)) }
  }

  @Test func anAutoencoderLearns() throws {
    var configuration = configuration(.vae)
    configuration.hidden = [8]
    configuration.latents = 2
    let trainer = try trainer(configuration, .samples(.clusters()))
    let before = try trainer.evaluate()
    #expect(before.accuracy == nil)
    _ = try losses(trainer, 30)
    let after = try trainer.evaluate()
    #expect(after.loss < 0.95 * before.loss)
    // The noise of an evaluation is the same each time.
    #expect(try trainer.evaluate() == after)
  }

  @Test func sparseSamplesTrainAsDenseOnesDo() throws {
    func entry(_ row: Int, _ column: Int) -> Float {
      (row * 7 + column * column * 3) % 5 == 0 ? Float(column + 1) / 4 : 0
    }
    let samples = (0..<40).map { row in (0..<11).map { entry(row, $0) } }
    func split(_ rows: ArraySlice<[Float]>) throws -> (sparse: Table, dense: Table) {
      let labels = rows.indices.map { Int32($0 % 2) }
      var starts: [Int32] = [0]
      var columns: [Int32] = []
      var values: [Float] = []
      for row in rows {
        for (column, value) in row.enumerated() where value != 0 {
          columns.append(Int32(column))
          values.append(value)
        }
        starts.append(Int32(columns.count))
      }
      let sparse = try #require(SparseRows(columnCount: 11, rowStarts: starts, columns: columns, values: values))
      return (
        Table(count: rows.count, sampleShape: [11], features: .sparse(sparse), scale: 0.5, labels: labels),
        Table(
          count: rows.count, sampleShape: [11], features: .floats(.copy(of: Array(rows.joined()))), scale: 0.5,
          labels: labels)
      )
    }
    let (training, validation) = (try split(samples[..<30]), try split(samples[30...]))
    var configuration = configuration(.mlp, steps: 20)
    configuration.hidden = [5]
    func run(_ training: Table, _ validation: Table) throws -> (losses: [Float], evaluation: Evaluation) {
      let dataset = Dataset(name: "rows", training: training, validation: validation, classNames: ["a", "b"])
      let trainer = try trainer(configuration, .samples(dataset))
      return (try losses(trainer, 20), try trainer.evaluate())
    }
    let sparse = try run(training.sparse, validation.sparse)
    let dense = try run(training.dense, validation.dense)
    for (a, b) in zip(sparse.losses, dense.losses) { #expect((a - b).magnitude < 1e-5) }
    #expect((sparse.evaluation.loss - dense.evaluation.loss).magnitude < 1e-5)
    #expect(sparse.losses[19] < sparse.losses[0])
  }

  private static let normed: JSONValue = .array([
    .object(["linear": .integer(7)]), .string("batch-norm"), .string("relu"), .object(["linear": .string("classes")]),
  ])

  @Test func statisticsAreKeptAndResumed() throws {
    try withTemporaryFolder { folder in
      var configuration = configuration(.stack)
      configuration.layers = Self.normed
      let whole = try trainer(configuration, .samples(.clusters()))
      _ = try losses(whole, 30)
      let path = folder.file("state.safetensors")
      let first = try trainer(configuration, .samples(.clusters()))
      _ = try losses(first, 13)
      try Checkpoint.write(first, configuration: configuration, bestScore: nil, to: path)
      let checkpoint = try Checkpoint(path: path)
      let mean = try checkpoint.file.floats("1.running_mean")
      #expect(mean.count == 7 && mean.contains { $0.magnitude > 0.01 })
      let second = try trainer(configuration, .samples(.clusters()))
      try second.restore(checkpoint)
      _ = try losses(second, 17)
      for entry in whole.arena.entries { #expect(try whole.values(of: entry.name) == second.values(of: entry.name)) }
      #expect(try whole.evaluate() == second.evaluate())

      // A batch's own moments are not those of the evaluation: with the running ones the result does not depend on
      // which samples stand together.
      let model = try TrainedModel(try Checkpoint(path: path), on: ReferenceBackend())
      #expect(try model.evaluate(.samples(.clusters())) == first.evaluate())
    }
  }

  @Test func streamedSamplesTrainAsResidentOnesDo() throws {
    var configuration = configuration(.mlp)
    configuration.hidden = [5]
    func run(streams: Bool) throws -> (losses: [Float], evaluations: [Evaluation]) {
      configuration.streamsData = streams
      let trainer = try trainer(configuration, .samples(.clusters(training: 61, validation: 25)))
      let first = try losses(trainer, 17)
      let evaluation = try trainer.evaluate()
      return (first + (try losses(trainer, 13)), [evaluation, try trainer.evaluate()])
    }
    let (resident, streamed) = (try run(streams: false), try run(streams: true))
    #expect(resident.losses == streamed.losses)
    #expect(resident.evaluations == streamed.evaluations)
  }

  private static let mistakes = [
    (#"["linaer"]"#, "layer 1 (linaer): there is no such layer; did you mean 'linear'?"),
    (#"[{"linear": {"sise": 3}}]"#, "layer 1 (linear): needs size, a whole number from 1 to 10000000"),
    (
      #"[{"linear": 9223372036854775807}]"#,
      "layer 1 (linear): size is 9223372036854775807, but must be a whole number from 1 to 10000000"
    ),
    (#"[{"linear": {"size": 3, "biass": true}}]"#, "layer 1 (linear): has no setting biass; it has bias, size"),
    (
      #"["relu", "max-pool"]"#,
      "layer 2 (max-pool): needs images [channels, rows, columns], but what comes in has the shape [6]"
    ),
    (
      #"[{"linear": 5}]"#,
      "the last of the layers gives samples of shape [5], but 3 classes need [3]; end with linear: classes"
    ),
    (#"[{"dropout": 1.5}]"#, "layer 1 (dropout): needs a rate of at least 0 and below 1"),
    (#"[{"relu": 3}]"#, "layer 1 (relu): takes no settings"),
  ]

  @Test(arguments: mistakes)
  func mistakesInAListOfLayersAreNamed(layers: String, message: String) throws {
    var configuration = configuration(.stack)
    configuration.layers = try Array(layers.utf8).withUnsafeBytes { try JSONValue.parse($0, path: "layers") }
    let error = #expect(throws: TrainingError.self) { try configuration.makePlan(.samples(.clusters())) }
    #expect(error?.message == message)
  }

  @Test func modelsSayWhatTheyDoNotTake() throws {
    for (model, data, message) in [
      (ModelKind.cnn, TrainingData.samples(.clusters()), "the model cnn takes images"),
      (.gpt, .samples(.clusters()), "the model gpt learns from a text"),
      (.mlp, .text(Self.text), "rose is a text, which the model mlp does not take"),
    ] {
      let error = #expect(throws: TrainingError.self) { try configuration(model).makePlan(data) }
      #expect(error?.message.hasPrefix(message) == true)
    }
  }
}
