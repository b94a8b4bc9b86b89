import ApusCompiler
import ApusData
import ApusExpression
import ApusGraph
import ApusLayers

/// Goes on with a text, token by token, as a language model would.
public final class TextGenerator {
  /// How a token is chosen from the probabilities.
  public struct Choice: Sendable, Hashable {
    /// What logits are divided by: below 1 the likely becomes likelier; 0 always takes the most probable token.
    public var temperature = 1.0
    /// How many of the most probable tokens are considered; nil for all.
    public var topK: Int?
    /// The key of the random numbers.
    public var seed: UInt64 = 0

    /// All tokens as probable as the model has them.
    public init() {}
  }

  /// What the tokens stand for.
  public let vocabulary: Vocabulary
  private let context: Int
  private let tokens: any DeviceBuffer
  private let logits: any DeviceBuffer
  private let executable: any Executable

  /// - Throws: `TrainingError` when the model is no language model.
  public init(_ model: TrainedModel) throws(TrainingError) {
    guard let objective = model.objective as? LanguageModeling, let vocabulary = model.samples.vocabulary else {
      throw TrainingError("\(model.configuration.model.rawValue) is no language model; gpt and char-rnn are")
    }
    self.vocabulary = vocabulary
    let context = model.samples.shape[0]
    self.context = context
    (tokens, logits, executable) = try TrainingError.wrapping {
      let trace = try Trace(objective.model, isTraining: false) { graph in
        objective.model(graph.input("tokens", [1, context], .int32))
      }
      let program = try compile(
        trace.graph, arena: model.state.arena, statistics: model.state.statisticsArena,
        outputs: [ProgramOutput(trace.result, to: .init(buffer: "logits"))],
        maximumBufferSize: model.backend.maximumBufferSize)
      let tokens = try model.backend.makeBuffer(byteCount: context * 4, label: "tokens")
      let logits = try model.backend.makeBuffer(byteCount: context * vocabulary.count * 4, label: "logits")
      let buffers = model.state.buffers.merging(["tokens": tokens, "logits": logits]) { $1 }
      return (tokens, logits, try model.backend.prepare(program, buffers: buffers))
    }
  }

  /// Tokens that go on behind a prompt.
  ///
  /// - Parameters:
  ///   - prompt: what came before, at least one token; of a long one, the last window counts.
  ///   - length: how many tokens to add.
  ///   - choice: how each is chosen.
  ///   - report: told of each token as it comes; false stops.
  /// - Returns: the new tokens.
  /// - Throws: `TrainingError` for an empty prompt, a token that is not in the vocabulary, a negative temperature, or a
  ///   top-k below 1.
  public func generate(
    after prompt: [Int32], length: Int, choice: Choice = Choice(), _ report: (Int32) -> Bool = { _ in true }
  ) throws(TrainingError) -> [Int32] {
    guard !prompt.isEmpty, prompt.allSatisfy({ 0..<Int32(vocabulary.count) ~= $0 }) else {
      throw TrainingError("the prompt must have at least one character, all of them in the vocabulary")
    }
    guard choice.temperature >= 0, choice.temperature.isFinite else {
      throw TrainingError("temperature: \(choice.temperature) is not at least 0")
    }
    guard choice.topK ?? 1 >= 1 else { throw TrainingError("top-k: \(choice.topK ?? 0) is not at least 1") }
    let philox = Philox(seed: choice.seed)
    var window = Array(prompt.suffix(context))
    var result: [Int32] = []
    while result.count < length {
      let scores = try nextLogits(window)
      let draw = philox.uniform(element: result.count, step: 0, stream: 0)
      let token = TextGenerator.token(scores, choice, draw: Double(draw))
      result.append(token)
      window.append(token)
      if window.count > context { window.removeFirst() }
      if !report(token) { break }
    }
    return result
  }

  /// The logits of the token behind a window.
  private func nextLogits(_ window: [Int32]) throws(TrainingError) -> [Float] {
    // What stands behind the window is not looked at by the positions in it.
    let padded = window + [Int32](repeating: 0, count: context - window.count)
    return try TrainingError.wrapping {
      try tokens.write(padded)
      try executable.run(StepArguments())
      return try logits.read(Float.self, at: (window.count - 1) * vocabulary.count, count: vocabulary.count)
    }
  }

  /// The token that a number in 0 ..< 1 picks.
  package static func token(_ logits: [Float], _ choice: Choice, draw: Double) -> Int32 {
    let order = logits.indices.sorted { logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1) }
    guard let best = order.first, choice.temperature > 0 else { return Int32(order.first ?? 0) }
    let kept = order.prefix(choice.topK ?? order.count)
    let weights = kept.map { Double.exp((Double(logits[$0]) - Double(logits[best])) / choice.temperature) }
    var rest = draw * weights.reduce(0, +)
    for (token, weight) in zip(kept, weights) {
      rest -= weight
      if rest < 0 { return Int32(token) }
    }
    return Int32(kept.last ?? best)
  }
}
