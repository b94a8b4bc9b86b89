import ApusData
import ApusTestSupport
import ApusTraining
import Testing

@Suite struct TextGeneratorTests {
  private func choice(_ temperature: Double, _ topK: Int? = nil) -> TextGenerator.Choice {
    var choice = TextGenerator.Choice()
    (choice.temperature, choice.topK) = (temperature, topK)
    return choice
  }

  @Test func tokensAreAsFrequentAsProbable() {
    // Probabilities 1/2, 1/3 and 1/6.
    let logits: [Float] = [3, 2, 1].map { Float(Double($0).logarithm) }
    func share(_ token: Int32, _ choice: TextGenerator.Choice) -> Double {
      Double((0..<600).filter { TextGenerator.token(logits, choice, draw: (Double($0) + 0.5) / 600) == token }.count)
        / 600
    }
    for (token, probability) in [0.5, 1.0 / 3, 1.0 / 6].enumerated() {
      #expect(abs(share(Int32(token), choice(1)) - probability) < 1e-9)
    }
    // Half the temperature squares them: 9/14, 4/14, 1/14.
    #expect(abs(share(0, choice(0.5)) - 9.0 / 14) < 2e-3)
    #expect(share(2, choice(1, 2)) == 0)
    #expect(abs(share(1, choice(1, 2)) - 0.4) < 1e-9)
    #expect(share(0, choice(0)) == 1)
  }

  @Test func aTrainedModelGoesOnWithItsText() throws {
    try withTemporaryFolder { folder in
      let phrase = "abcdefgh"
      let vocabulary = Vocabulary(characters: phrase.unicodeScalars)
      let tokens = try vocabulary.encode(String(repeating: phrase, count: 20))
      let text = TextDataset(
        name: "letters", vocabulary: vocabulary, training: Array(tokens.dropLast(40)), validation: tokens.suffix(40))
      var configuration = RunConfiguration()
      configuration.model = .gpt
      (configuration.depth, configuration.heads, configuration.width, configuration.context) = (1, 1, 8, 4)
      (configuration.batchSize, configuration.learningRate) = (8, 0.05)
      let trainer = try Trainer(try configuration.makePlan(.text(text)), on: ReferenceBackend())
      for _ in 0..<60 { try trainer.runStep() }
      let path = folder.file("letters.safetensors")
      try Checkpoint.write(trainer, configuration: configuration, bestScore: nil, to: path)

      let model = try TrainedModel(try Checkpoint(path: path), on: ReferenceBackend())
      let generator = try TextGenerator(model)
      let written = try generator.generate(after: try vocabulary.encode("cd"), length: 12, choice: choice(0))
      #expect(vocabulary.decode(written) == "efghabcdefgh")
      #expect(throws: TrainingError.self) { try generator.generate(after: [], length: 3) }
      #expect(throws: TrainingError.self) { try generator.generate(after: [0], length: 3, choice: choice(-1)) }
      #expect(throws: TrainingError.self) { try generator.generate(after: [0], length: 3, choice: choice(1, 0)) }
      #expect(throws: TrainingError.self) { try Classifier(model) }
    }
  }
}

extension Double {
  fileprivate var logarithm: Double {
    // Newton's iteration on the exponential, to stand apart from the code under test.
    var x = 0.0
    for _ in 0..<60 { x -= 1 - self / Double.exp(x) }
    return x
  }
}
