import ApusCompiler
import ApusData
import ApusFormats
import ApusLayers
import ApusOptimizers

extension RunConfiguration {
  /// What numbers of samples, of a layer's features and the like may be: products of two of them are integers still.
  static let sizes = 1...10_000_000
  /// The longest run's steps: the generator of random numbers counts them in 32 bits.
  static let largestStep = Int(UInt32.max)

  /// One key of a configuration file, which is also the long name of a command-line option.
  public struct Key: Sendable {
    /// The name.
    public let name: String
    /// What it means, in a few words.
    public let summary: String
    let write: @Sendable (RunConfiguration) -> JSONValue?
    let read: @Sendable (JSONValue, inout RunConfiguration) throws(Refusal) -> Void
  }

  /// Why a value was refused: what is allowed.
  struct Refusal: Error {
    let allowed: String
    init(_ allowed: String) { self.allowed = allowed }
  }

  /// Every key, in the order in which `config.yaml` lists them.
  public static let keys: [Key] = [
    Key("dataset", DatasetCatalogue.entries.map(\.form).joined(separator: ", "), \.dataset),
    Key("data-dir", "folder with the data sets' files", \.dataFolder),
    Key("csv-header", "whether a CSV file's first row names the columns", \.csv.header),
    Key("csv-label", "name of a CSV file's column of labels (default: the last)", \.csv.labelColumn),
    Key("csv-standardize", "scale a CSV file's features to mean 0 and deviation 1", \.csv.standardizes),
    Key("csv-validation", "part of a CSV file kept for validation", \.csv.validationFraction, in: .part),
    Key(
      name: "image-size", summary: "size of a folder's pictures, N or HxW (default: the first picture's)",
      write: { $0.images.size.map { .string($0.description) } },
      read: { value, configuration throws(Refusal) in
        let text = value.integer.map { "\($0)" } ?? value.string ?? ""
        guard let size = ImageOptions.Size(parsing: text) else { throw Refusal("N or HxW, each from 1 to 4096") }
        configuration.images.size = size
      }),
    Key("image-channels", "channels of a folder's pictures, 3 or 1", allowing: "3 or 1", \.images.channelCount) {
      $0 == 3 || $0 == 1
    },
    Key("images-validation", "part of each class kept for validation", \.images.validationFraction, in: .part),
    Key("images-errors", "what becomes of a picture that cannot be read", \.images.errors),
    Key("imdb-words", "most frequent words that are features", \.reviews.wordCount, in: sizes),
    Key("imdb-features", "what a feature says of its word", \.reviews.features),
    Key("text-tokens", "what a text is cut into", \.text.tokens),
    Key("text-validation", "part of a text, at its end, kept for validation", \.text.validationFraction, in: .part),
    Key("model", "the network", \.model),
    Key(
      name: "hidden", summary: "widths of the hidden layers, such as 200,200",
      write: { $0.hidden.map { .array($0.map(JSONValue.integer)) } },
      read: { value, configuration throws(Refusal) in
        let widths: [Int?] =
          switch value {
          case .array(let elements): elements.map(\.integer)
          case .integer(let width): [width]
          default:
            (value.string ?? "?").split(separator: ",", omittingEmptySubsequences: false).map {
              Int($0.filter { $0 != " " })
            }
          }
        guard widths.allSatisfy({ Self.sizes ~= $0 ?? 0 }) else {
          throw Refusal("widths from 1 to \(Self.sizes.upperBound), such as 200,200")
        }
        configuration.hidden = widths.compactMap { $0 }
      }),
    Key("activation", "what follows each hidden layer", \.activation),
    Key("dropout", "probability of dropping a hidden unit", \.dropout, in: .probability),
    Key("input-dropout", "probability of dropping an element of a sample", \.inputDropout, in: .probability),
    Key("label-smoothing", "part of each label that is spread over all classes", \.labelSmoothing, in: .probability),
    Key("latents", "latent variables of vae", \.latents, in: sizes),
    Key("depth", "blocks of gpt, layers of char-rnn (default: 4 and 2)", \.depth, in: 1...1000),
    Key("heads", "heads of gpt's attention", \.heads, in: sizes),
    Key("width", "length of the vectors of gpt and char-rnn", \.width, in: sizes),
    Key("context", "length of a text's windows", \.context, in: sizes),
    Key("cell", "recurrent layers of char-rnn", \.cell),
    Key("tied", "whether gpt's output layer shares the embedding's weights", \.isTied),
    Key("bias", "whether gpt's layers have biases", \.hasBias),
    Key(
      name: "layers", summary: "the layers of stack, from the samples to the logits", write: { $0.layers },
      read: { value, configuration throws(Refusal) in
        guard case .array(let layers) = value, !layers.isEmpty else {
          throw Refusal("a list of layers, such as [linear: 100, relu, linear: classes]")
        }
        configuration.layers = value
      }),
    Key("stream", "whether batches are streamed to the device (default: what is too large for it)", \.streamsData),
    Key("normalize", "whether images get mean 0 and deviation 1 (default: those in colour)", \.normalizes),
    Key("augment-crop", "largest random shift of training images", \.augmentation.cropPadding, in: 0...4096),
    Key("augment-flip", "whether every other training image is mirrored", \.augmentation.flips),
    Key("augment-cutout", "side of a random hole in training images", \.augmentation.cutout, in: 0...4096),
    Key(
      name: "initializer", summary: "how weights start: \(Initializer.forms.joined(separator: ", "))",
      write: { .string($0.initializer.description) },
      read: { value, configuration throws(Refusal) in
        guard let text = value.string, let initializer = try? Initializer(parsing: text) else {
          throw Refusal("one of \(Initializer.forms.joined(separator: ", "))")
        }
        configuration.initializer = initializer
      }),
    Key("optimizer", "the update rule", \.optimizer),
    Key("learning-rate", "step size (default: the optimizer's)", \.learningRate, in: .positive),
    Key(
      name: "hyperparameters", summary: "the optimizer's settings by name",
      write: { configuration in
        var object = JSONObject()
        for name in configuration.hyperparameters.keys.sorted() {
          let text = configuration.hyperparameters[name] ?? ""
          object[name] = Bool(text).map(JSONValue.bool) ?? Double(text).map(JSONValue.number) ?? .string(text)
        }
        return .object(object)
      },
      read: { value, configuration throws(Refusal) in
        guard let object = value.object else { throw Refusal("a mapping from names to values") }
        for name in object.keys {
          switch object[name] {
          case .string(let text)?: configuration.hyperparameters[name] = text
          case .bool(let flag)?: configuration.hyperparameters[name] = "\(flag)"
          case .integer(let number)?: configuration.hyperparameters[name] = "\(number)"
          case .number(let number)?: configuration.hyperparameters[name] = "\(number)"
          default: throw Refusal("a number or true or false for \(name)")
          }
        }
      }),
    Key("schedule", "the learning rate's course: \(Schedule.forms.joined(separator: ", "))", \.schedule),
    Key("clip-norm", "the gradients' largest global norm", \.clipNorm, in: .positive),
    Key("decayed", "parameters that weight decay applies to (matrices: no biases and norms)", \.decayed),
    Key("batch-size", "samples per step", \.batchSize, in: sizes),
    Key("epochs", "length of the run in epochs", \.epochs, in: 1...1_000_000),
    Key("steps", "length of the run in steps, instead of epochs; 0 evaluates the start", \.steps, in: 0...largestStep),
    Key("device", "auto, cpu, opencl, opencl:INDEX or opencl:NAME", \.device),
    Key("precision", "what the operands of training's products and convolutions are rounded to", \.precision),
    Key(
      name: "seed", summary: "key of every random number", write: { .integer(Int(truncatingIfNeeded: $0.seed)) },
      read: { value, configuration throws(Refusal) in
        let range = 0...Int.max
        guard let seed = value.integer ?? value.string.flatMap({ Int($0) }), range ~= seed else {
          throw Refusal(range.asWholeNumbers)
        }
        configuration.seed = UInt64(seed)
      }),
    Key("shuffle", "whether each epoch has an order of its own", \.shuffles),
    Key("init", "safetensors file of parameters to start from", \.initialParameters),
    Key("log-every", "steps between two training lines", \.logInterval, in: 1...largestStep),
    Key(
      "evaluate-every", "steps between two evaluations (default: an epoch)", \.evaluationInterval, in: 1...largestStep),
  ]

  /// Applies settings to this configuration, key by key.
  ///
  /// - Parameters:
  ///   - settings: values by key; text is read as the command line reads it.
  ///   - source: the file or command that errors name.
  /// - Throws: `TrainingError` for an unknown key, with the nearest known one, or a value that is not allowed.
  public mutating func apply(_ settings: JSONObject, source: String) throws(TrainingError) {
    for name in settings.keys {
      let canonical = name.replacingUnderscores
      guard let key = Self.keys.first(where: { $0.name == canonical }) else {
        let known = Self.keys.map(\.name)
        let nearest = nearestName(to: name, in: known).map { "did you mean '\($0)'?" }
        throw TrainingError(
          "\(source): unknown key '\(name)'; \(nearest ?? "known: \(known.joined(separator: ", "))")")
      }
      guard let value = settings[name] else { continue }
      if value == .null { continue }
      do throws(Refusal) { try key.read(value, &self) } catch {
        throw TrainingError("\(source): \(key.name) is \(value.plainText), but must be \(error.allowed)")
      }
    }
  }

  /// Every setting by key; those without a value are left out.
  public var settings: JSONObject {
    var object = JSONObject()
    for key in Self.keys { object[key.name] = key.write(self) }
    return object
  }
}

extension ClosedRange<Int> {
  /// What a number of this range is, in words.
  var asWholeNumbers: String { "a whole number from \(lowerBound) to \(upperBound)" }
}

extension String {
  fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? "-" : $0 }) }
}

extension JSONValue {
  /// The value as a user wrote it.
  fileprivate var plainText: String { string.map { "'\($0)'" } ?? line }
}

// MARK: - Rows by type

/// The numbers that a key takes.
private enum RealNumbers: String, CustomStringConvertible {
  case part = "a number above 0 and below 1"
  case probability = "a number of at least 0 and below 1"
  case positive = "a finite number above 0"

  func contains(_ number: Double) -> Bool {
    switch self {
    case .part: number > 0 && number < 1
    case .probability: number >= 0 && number < 1
    case .positive: number > 0 && number.isFinite
    }
  }

  var description: String { rawValue }
}

extension RunConfiguration.Key {
  /// A row whose value has a text form; `allowed` says what else holds.
  private init<Value>(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Value> & Sendable, allowed: String,
    write: @escaping @Sendable (Value) -> JSONValue?, read: @escaping @Sendable (JSONValue) -> Value?
  ) {
    self.init(
      name: name, summary: summary, write: { write($0[keyPath: path]) },
      read: { value, configuration throws(RunConfiguration.Refusal) in
        guard let parsed = read(value) else { throw RunConfiguration.Refusal(allowed) }
        configuration[keyPath: path] = parsed
      })
  }

  fileprivate init(_ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, String> & Sendable) {
    self.init(name, summary, path, allowed: "text", write: { .string($0) }, read: { $0.string })
  }

  fileprivate init(_ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, String?> & Sendable) {
    self.init(name, summary, path, allowed: "text", write: { $0.map(JSONValue.string) }, read: { $0.string })
  }

  fileprivate init(_ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Bool?> & Sendable) {
    self.init(name, summary, path, allowed: "true or false", write: { $0.map(JSONValue.bool) }) { value -> Bool?? in
      if case .bool(let flag) = value { .some(flag) } else { value.string.flatMap { Bool($0) }.map { .some($0) } }
    }
  }

  fileprivate init(_ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Bool> & Sendable) {
    self.init(name, summary, path, allowed: "true or false", write: { .bool($0) }) { value in
      if case .bool(let flag) = value { flag } else { value.string.flatMap { Bool($0) } }
    }
  }

  fileprivate init(
    _ name: String, _ summary: String, allowing allowed: String,
    _ path: WritableKeyPath<RunConfiguration, Int> & Sendable, where isAllowed: @escaping @Sendable (Int) -> Bool
  ) {
    self.init(name, summary, path, allowed: allowed, write: { .integer($0) }) {
      ($0.integer ?? $0.string.flatMap { Int($0) }).flatMap { isAllowed($0) ? $0 : nil }
    }
  }

  fileprivate init(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Int> & Sendable,
    in range: ClosedRange<Int>
  ) {
    self.init(name, summary, allowing: range.asWholeNumbers, path) { range ~= $0 }
  }

  fileprivate init(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Int?> & Sendable,
    in range: ClosedRange<Int>
  ) {
    self.init(name, summary, path, allowed: range.asWholeNumbers, write: { $0.map(JSONValue.integer) }) {
      value -> Int?? in
      (value.integer ?? value.string.flatMap { Int($0) }).flatMap { range ~= $0 ? .some($0) : nil }
    }
  }

  fileprivate init(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Double> & Sendable,
    in numbers: RealNumbers
  ) {
    self.init(name, summary, path, allowed: numbers.description, write: { .number($0) }) {
      ($0.number ?? $0.string.flatMap { Double($0) }).flatMap { numbers.contains($0) ? $0 : nil }
    }
  }

  fileprivate init(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Double?> & Sendable,
    in numbers: RealNumbers
  ) {
    self.init(name, summary, path, allowed: numbers.description, write: { $0.map { .number($0) } }) {
      value -> Double?? in
      (value.number ?? value.string.flatMap { Double($0) }).flatMap { numbers.contains($0) ? .some($0) : nil }
    }
  }

  fileprivate init<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Choice> & Sendable
  ) where Choice.RawValue == String {
    self.init(name: name, summary: summary, write: { $0[keyPath: path] }, read: { $1[keyPath: path] = $0 })
  }

  fileprivate init<Choice: RawRepresentable & CaseIterable & Sendable>(
    _ name: String, _ summary: String, _ path: WritableKeyPath<RunConfiguration, Choice?> & Sendable
  ) where Choice.RawValue == String {
    self.init(name: name, summary: summary, write: { $0[keyPath: path] }, read: { $1[keyPath: path] = $0 })
  }

  /// A row whose value is one of several names.
  private init<Choice: RawRepresentable & CaseIterable & Sendable>(
    name: String, summary: String, write: @escaping @Sendable (RunConfiguration) -> Choice?,
    read: @escaping @Sendable (Choice, inout RunConfiguration) -> Void
  ) where Choice.RawValue == String {
    let choices = Choice.allCases.map(\.rawValue)
    self.init(
      name: name, summary: "\(summary): \(choices.joined(separator: ", "))",
      write: { write($0).map { .string($0.rawValue) } },
      read: { value, configuration throws(RunConfiguration.Refusal) in
        let text = value.string ?? value.line
        guard let choice = Choice.allCases.first(where: { canonicalName($0.rawValue) == canonicalName(text) }) else {
          let nearest = nearestName(to: text, in: choices).map { " (did you mean '\($0)'?)" } ?? ""
          throw RunConfiguration.Refusal("one of \(choices.joined(separator: ", "))\(nearest)")
        }
        read(choice, &configuration)
      })
  }
}
