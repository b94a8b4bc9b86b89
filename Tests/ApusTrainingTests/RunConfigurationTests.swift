import ApusData
import ApusFormats
import ApusOptimizers
import ApusTraining
import Testing

@Suite struct RunConfigurationTests {
  private func error(_ settings: JSONObject) -> String {
    var configuration = RunConfiguration()
    do {
      try configuration.apply(settings, source: "config.yaml")
      return "accepted"
    } catch { return error.message }
  }

  @Test func settingsRoundTrip() throws {
    var configuration = RunConfiguration()
    try configuration.apply(
      [
        "dataset": "mnist", "data-dir": "/data", "model": "logistic", "hidden": "300,100", "activation": "tanh",
        "dropout": "0.5", "initializer": "normal:0.01", "optimizer": "AMSBound", "learning-rate": 0.002,
        "hyperparameters": .object(["beta1": 0.8, "final_lr": "0.2"]), "schedule": "cosine:warmup=5", "clip-norm": 1,
        "batch_size": 64, "steps": 77, "device": "cpu", "seed": 9, "shuffle": false, "log-every": 3,
        "image-size": "24x32", "image-channels": "1", "images-validation": 0.3, "images-errors": "skip",
        "imdb-words": 500, "imdb-features": "counts", "text-tokens": "bytes", "text-validation": "0.05",
        "precision": "tf32",
      ], source: "test")
    var again = RunConfiguration()
    try again.apply(configuration.settings, source: "test")
    #expect(again == configuration)
    #expect(configuration.hidden == [300, 100])
    #expect(configuration.precision == .tf32)
    #expect(configuration.images.size == ImageOptions.Size(height: 24, width: 32))
    #expect(configuration.images.channelCount == 1 && configuration.images.errors == .skip)
    #expect(configuration.reviews.wordCount == 500 && configuration.reviews.features == .counts)
    #expect(configuration.text.tokens == .bytes && configuration.text.validationFraction == 0.05)
    try again.apply(["image-size": 28], source: "test")
    #expect(again.images.size == ImageOptions.Size(height: 28, width: 28))
    let resolved = try configuration.resolved()
    #expect(resolved.hyperparameters["final-lr"] == "0.2")
    #expect(resolved.hyperparameters["gamma"] == "\(try AMSBound().gamma)")
    #expect(resolved.learningRate == 0.002)
    #expect(try RunConfiguration().resolved().learningRate == 0.001)
  }

  static let refusals: [(settings: JSONObject, message: String)] = [
    (["bacth-size": 3], "config.yaml: unknown key 'bacth-size'; did you mean 'batch-size'?"),
    (["batch-size": 0], "batch-size is 0, but must be a whole number from 1 to 10000000"),
    (["width": 4_611_686_018_427_387_904], "must be a whole number from 1 to 10000000"),
    (["hidden": [200, 9_223_372_036_854_775_807]], "but must be widths from 1 to 10000000"),
    (["epochs": 9_223_372_036_854_775_807], "must be a whole number from 1 to 1000000"),
    (["steps": 4_294_967_296], "must be a whole number from 0 to 4294967295"),
    (["dropout": "1"], "dropout is '1', but must be a number of at least 0 and below 1"),
    (["optimizer": "adma"], "(did you mean 'adam'?)"),
    (["hidden": "200,x"], "hidden is '200,x', but must be widths"),
    (["initializer": "gauss"], "initializer is 'gauss', but must be one of standard"),
    (["shuffle": "maybe"], "shuffle is 'maybe', but must be true or false"),
    (["image-size": "0x3"], "image-size is '0x3', but must be N or HxW, each from 1 to 4096"),
    (["image-channels": 2], "image-channels is 2, but must be 3 or 1"),
    (["images-errors": "skp"], "one of stop, skip (did you mean 'skip'?)"),
    (["text-validation": 0], "text-validation is 0, but must be a number above 0 and below 1"),
    (["seed": -1], "seed is -1, but must be a whole number from 0 to 9223372036854775807"),
    (["precision": "fp32"], "precision is 'fp32', but must be one of float32, tf32, bf16"),
    (["learning-rate": -1], "learning-rate is -1, but must be a finite number above 0"),
  ]

  @Test(arguments: refusals.indices)
  func refusalsSayWhatIsAllowed(index: Int) {
    #expect(error(Self.refusals[index].settings).contains(Self.refusals[index].message))
  }

  @Test func aBatchLargerThanTheDataIsRefused() {
    var configuration = RunConfiguration()
    configuration.batchSize = 70_000
    #expect(throws: TrainingError.self) { try configuration.makePlan(.samples(.digits())) }
  }

  @Test func augmentationsLargerThanTheImagesAreRefused() throws {
    var configuration = RunConfiguration()
    configuration.augmentation.cropPadding = 28
    configuration.augmentation.cutout = 28
    _ = try configuration.makePlan(.samples(.digits()))
    configuration.augmentation.cutout = 29
    let error = #expect(throws: TrainingError.self) { try configuration.makePlan(.samples(.digits())) }
    #expect(error?.message == "augment-cutout: 29 pixels are more than the images of digits have, 28×28")
  }

  @Test func wrongHyperparametersAreRefusedWithTheirRange() {
    var configuration = RunConfiguration()
    configuration.hyperparameters = ["beta1": "1.5"]
    let error = #expect(throws: TrainingError.self) { try configuration.makeOptimizer() }
    #expect(error?.message.contains("beta1 is 1.5, but must be at least 0 and below 1") == true)
  }
}
