import Apus
import ArgumentParser

/// The options that decide what is trained; each overrides the key of its name in a configuration file.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: "digits (built in), mnist, fashion-mnist, cifar10, imdb, shakespeare, images:DIR, csv:FILE or text:FILE.")
  var dataset: String?

  @Option(help: "Folder with the data sets' files (default: $APUS_DATA_DIR, then downloads to a cache).")
  var dataDir: String?

  @Option(help: "A CSV file's first row: detected, present (names the columns) or absent.")
  var csvHeader: String?

  @Option(help: "Name of a CSV file's column of labels (default: the last).")
  var csvLabel: String?

  @Flag(help: "Scale a CSV file's features to mean 0 and deviation 1.")
  var csvStandardize = false

  @Option(help: "Part of a CSV file that is kept for validation (default: 0.2).")
  var csvValidation: String?

  @Option(help: "Size of a folder's pictures, N or HxW (default: the first picture's).")
  var imageSize: String?

  @Option(help: "Channels of a folder's pictures, 3 or 1 (default: 3).")
  var imageChannels: String?

  @Option(help: "Part of each class kept for validation where the folder has no train/ and test/ (default: 0.1).")
  var imagesValidation: String?

  @Option(help: "What becomes of a picture that cannot be read: stop or skip (default: stop).")
  var imagesErrors: String?

  @Option(help: "How many of the most frequent words of imdb are features (default: 10000).")
  var imdbWords: String?

  @Option(help: "What a feature of imdb says of its word: presence or counts (default: presence).")
  var imdbFeatures: String?

  @Option(help: "What a text is cut into: characters or bytes (default: characters).")
  var textTokens: String?

  @Option(help: "Part of a text, at its end, kept for validation (default: 0.1).")
  var textValidation: String?

  @Option(help: "The network; 'apus models' lists them with their options.")
  var model: String?

  @Option(help: "Widths of the hidden layers, such as 200,200.")
  var hidden: String?

  @Option(help: "relu, tanh, sigmoid, softplus, silu, gelu, elu, leaky-relu or identity.")
  var activation: String?

  @Option(help: "Probability of dropping a hidden unit in training.")
  var dropout: String?

  @Option(help: "Probability of dropping an element of a sample in training.")
  var inputDropout: String?

  @Option(help: "Part of each label that is spread over all classes in training.")
  var labelSmoothing: String?

  @Option(help: "Latent variables of vae (default: 50).")
  var latents: String?

  @Option(help: "Blocks of gpt, layers of char-rnn (default: 4 and 2).")
  var depth: String?

  @Option(help: "Heads of gpt's attention (default: 4).")
  var heads: String?

  @Option(help: "Length of the vectors of gpt and char-rnn (default: 128).")
  var width: String?

  @Option(help: "Length of a text's windows (default: 64).")
  var context: String?

  @Option(help: "Recurrent layers of char-rnn: lstm or gru.")
  var cell: String?

  @Option(help: "Whether gpt's output layer shares the embedding's weights (default: true).")
  var tied: String?

  @Option(help: "Whether gpt's layers have biases (default: false).")
  var bias: String?

  @Option(help: "Whether batches are streamed to the device (default: what is too large for it).")
  var stream: String?

  @Option(help: "Whether images get mean 0 and deviation 1 (default: those in colour).")
  var normalize: String?

  @Option(help: "Largest random shift of training images, in pixels.")
  var augmentCrop: String?

  @Flag(help: "Mirror every other training image.")
  var augmentFlip = false

  @Option(help: "Side of a random hole in training images, in pixels.")
  var augmentCutout: String?

  @Option(help: "How weights start: standard (as PyTorch), normal:0.01, kaiming-uniform, xavier-normal, …")
  var initializer: String?

  @Option(help: "The update rule; 'apus optimizers' lists them with their hyperparameters.")
  var optimizer: String?

  @Option(help: "Step size (default: the optimizer's).")
  var learningRate: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The optimizer's settings, such as beta1=0.8 final-lr=0.1.", valueName: "key=value"))
  var hyperparameter: [String] = []

  @Option(help: "constant, inverse-sqrt, step, exponential or cosine, with settings: cosine:min=1e-5,warmup=200.")
  var schedule: String?

  @Option(help: "The gradients' largest global norm.")
  var clipNorm: String?

  @Option(help: "Parameters that weight decay applies to: all, or matrices (no biases and norms).")
  var decayed: String?

  @Option(help: "Samples per step (default: 100).")
  var batchSize: String?

  @Option(help: "Length of the run in epochs (default: 5).")
  var epochs: String?

  @Option(help: "Length of the run in steps, instead of epochs.")
  var steps: String?

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME; 'apus devices' lists them.")
  var device: String?

  @Option(
    help: """
      Products and convolutions of training: float32, or on NVIDIA's tensor cores tf32 or bf16; sums and parameters stay float32 \
      (default: float32).
      """)
  var precision: String?

  @Option(help: "Key of every random number (default: 0).")
  var seed: String?

  @Flag(help: "Feed the training set in file order, wrapping at the end.")
  var noShuffle = false

  @Option(name: .customLong("init"), help: "Safetensors file with the parameters to start from.")
  var initialParameters: String?

  @Option(help: "Steps between two training lines in metrics.jsonl (default: 1).")
  var logEvery: String?

  @Option(help: "Steps between two evaluations (default: an epoch).")
  var evaluateEvery: String?

  /// What was given, by configuration key.
  func settings() throws -> JSONObject {
    var object = JSONObject()
    let given: [(String, String?)] = [
      ("dataset", dataset), ("data-dir", dataDir), ("csv-header", csvHeader), ("csv-label", csvLabel),
      ("csv-validation", csvValidation), ("image-size", imageSize), ("image-channels", imageChannels),
      ("images-validation", imagesValidation), ("images-errors", imagesErrors), ("imdb-words", imdbWords),
      ("imdb-features", imdbFeatures), ("text-tokens", textTokens), ("text-validation", textValidation),
      ("model", model), ("hidden", hidden), ("activation", activation),
      ("dropout", dropout), ("input-dropout", inputDropout), ("label-smoothing", labelSmoothing), ("latents", latents),
      ("depth", depth), ("heads", heads), ("width", width), ("context", context), ("cell", cell), ("tied", tied),
      ("bias", bias), ("stream", stream), ("normalize", normalize), ("augment-crop", augmentCrop),
      ("augment-cutout", augmentCutout),
      ("evaluate-every", evaluateEvery), ("initializer", initializer), ("optimizer", optimizer),
      ("learning-rate", learningRate),
      ("schedule", schedule), ("clip-norm", clipNorm), ("decayed", decayed), ("batch-size", batchSize),
      ("epochs", epochs),
      ("steps", steps), ("device", device), ("precision", precision), ("seed", seed), ("init", initialParameters),
      ("log-every", logEvery),
    ]
    for (key, value) in given { object[key] = value.map(JSONValue.string) }
    if csvStandardize { object["csv-standardize"] = true }
    if noShuffle { object["shuffle"] = false }
    if augmentFlip { object["augment-flip"] = true }
    var pairs = JSONObject()
    for pair in hyperparameter.flatMap({ $0.split(separator: ",") }) {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--hyperparameter takes KEY=VALUE, such as beta1=0.8, not '\(pair)'")
      }
      pairs[parts[0]] = .string(parts[1])
    }
    if !pairs.keys.isEmpty { object["hyperparameters"] = .object(pairs) }
    return object
  }

  /// A configuration with a file's settings and, over them, the command line's.
  func configuration(file: String?, base: RunConfiguration = RunConfiguration()) throws -> RunConfiguration {
    var configuration = base
    if let file { try configuration.apply(try YAML.read(file), source: file) }
    let given = try settings()
    // Another optimizer has other hyperparameters; another length replaces the one before.
    if given["optimizer"] != nil { configuration.hyperparameters = [:] }
    if given["epochs"] != nil { configuration.steps = nil }
    try configuration.apply(given, source: "command line")
    return configuration
  }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print results as one JSON object.")
  var json = false
}

extension Precision: ExpressibleByArgument {}
