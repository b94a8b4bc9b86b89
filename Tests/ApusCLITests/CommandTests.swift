import Apus
import ApusTestSupport
import Foundation
import Testing

/// The command as a person runs it: the built binary, its output, its exit code and its files.
@Suite(.serialized) struct CommandTests {
  struct Outcome {
    let code: Int32
    let output: String
    let error: String
  }

  /// The binary beside the test bundle.
  private static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("apus")

  private func apus(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    try apus(list: arguments, environment: environment)
  }

  private func apus(
    list arguments: [String], environment: [String: String] = [:], interruptingOnce path: String? = nil
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    try process.run()
    if let path {
      // The run is under way as soon as its first evaluation has left a checkpoint.
      while process.isRunning && !FileManager.default.fileExists(atPath: path) { Thread.sleep(forTimeInterval: 0.02) }
      process.interrupt()
    }
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let mistakes = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      error: String(decoding: mistakes, as: UTF8.self))
  }

  private func json(_ text: String) throws -> JSONObject {
    let value = try Array(text.utf8).withUnsafeBytes { try JSONValue.parse($0, path: "output") }
    return try #require(value.object)
  }

  private func iris(_ folder: TemporaryFolder) throws -> String {
    var lines = ["length,width,kind"]
    for row in 0..<150 {
      let kind = row % 3
      lines.append("\(Double(kind) * 2 + Double(row % 7) / 10),\(5 - Double(kind) + Double(row % 5) / 10),kind\(kind)")
    }
    return try folder.write(lines.joined(separator: "\n") + "\n", to: "iris.csv")
  }

  @Test func trainEvaluateAndPredictOnAFileOfRows() throws {
    try withTemporaryFolder { folder in
      let data = try iris(folder)
      let run = folder.file("run")
      let train = try apus(
        "train", "--dataset", "csv:\(data)", "--csv-standardize", "--model", "mlp", "--hidden", "8", "--batch-size",
        "20",
        "--epochs", "40", "--learning-rate", "0.02", "--device", "cpu", "--output", run, "--json")
      #expect(train.code == 0, "\(train.error)")
      let result = try json(train.output)
      #expect(try #require(result["accuracy"]?.number) > 0.9)
      for file in ["config.yaml", "metrics.jsonl", "checkpoint.safetensors", "best.safetensors", "curves.svg"] {
        #expect(FileManager.default.fileExists(atPath: run + "/" + file), "\(file)")
      }

      let evaluation = try json(try apus("evaluate", run, "--json").output)
      #expect(evaluation["accuracy"] == result["accuracy"])

      let rows = try folder.write("length,width\n0.1,5.2\n4.2,3.1\n", to: "rows.csv")
      let predictions = try json(try apus("predict", run, rows, "--json").output)["predictions"]?.array
      #expect(predictions?.compactMap { $0.object?["class"]?.string } == ["kind0", "kind2"])

      let again = try apus("train", run + "/config.yaml", "--output", folder.file("again"), "--json")
      #expect(try json(again.output)["accuracy"] == result["accuracy"])
    }
  }

  @Test func aRunIsNotReplacedUnasked() throws {
    try withTemporaryFolder { folder in
      let data = try iris(folder)
      let options = ["--dataset", "csv:\(data)", "--batch-size", "10", "--steps", "3", "--device", "cpu"]
      func train(_ more: String...) throws -> Outcome {
        try apus(list: ["train"] + options + ["--output", folder.file("run")] + more)
      }
      #expect(try train().code == 0)
      let refused = try train()
      #expect(refused.code == 1)
      #expect(refused.error.contains("already holds a run"))
      #expect(try train("--overwrite").code == 0)
    }
  }

  static let mistakes: [(arguments: [String], code: Int32, words: String)] = [
    (["train", "--dataset", "minst"], 1, "there is no data set named \"minst\""),
    (["train", "--device", "gpu"], 1, "there is no device 'gpu'"),
    (
      ["train", "--precision", "tf32", "--device", "cpu"], 1,
      "cannot compute in tf32: that takes an NVIDIA GPU with tensor cores; its precisions: float32"
    ),
    (["train", "--precision", "fp16"], 1, "precision is 'fp16', but must be one of float32, tf32, bf16"),
    (["bench", "product", "--precision", "bf16", "--device", "cpu"], 1, "cannot compute in bf16: that takes"),
    (["train", "--optimizer", "adma"], 1, "did you mean 'adam'?"),
    (["train", "--batch-size", "0"], 1, "batch-size is '0', but must be a whole number from 1 to 10000000"),
    (["train", "/nowhere/config.yaml"], 1, "/nowhere/config.yaml: cannot be read"),
    (["train", "--resume", "/nowhere"], 1, "/nowhere/checkpoint.safetensors: cannot open"),
    (["evaluate", "/nowhere"], 1, "/nowhere/checkpoint.safetensors: cannot open"),
    (["train", "--frobnicate"], 64, "Unknown option '--frobnicate'"),
    (["compare", "--optimizers", "sgd:0.1"], 64, "NAME:KEY=VALUE"),
    (["bench", "prodcut"], 1, "did you mean 'product'?"),
    (["bench", "update", "--rounds", "0"], 64, "--rounds must be at least 1"),
    (["bench", "update", "--all"], 64, "name benchmarks, or use --all"),
    (["bench", "mlp-wdth", "--growth"], 1, "did you mean 'mlp-width'?"),
    (["bench", "launch", "--png"], 64, "--output and --png go with --growth"),
  ]

  @Test(arguments: mistakes.indices)
  func aMistakeIsOneClearLine(index: Int) throws {
    let (arguments, code, words) = Self.mistakes[index]
    let outcome = try apus(list: arguments + (arguments[0] == "train" ? ["--json"] : []))
    #expect(outcome.code == code)
    #expect(outcome.error.contains(words), "\(outcome.error)")
    #expect(outcome.output.isEmpty)
  }

  @Test func withoutOpenCLEverythingRunsOnTheProcessor() throws {
    let listed = try apus("devices", environment: ["APUS_OPENCL": "none"])
    #expect(listed.code == 0)
    #expect(listed.output.contains("no OpenCL device"))
    try withTemporaryFolder { folder in
      let data = try iris(folder)
      let train = try apus(
        "train", "--dataset", "csv:\(data)", "--batch-size", "10", "--steps", "3", "--output", folder.file("run"),
        environment: ["APUS_OPENCL": "none"])
      #expect(train.code == 0)
      #expect(train.output.contains("device: cpu"))
      let refused = try apus("train", "--device", "opencl", environment: ["APUS_OPENCL": "none"])
      #expect(refused.code == 1)
    }
  }

  @Test func checkComparesADeviceWithTheDefinitions() throws {
    let some = try apus("check", "update a", "softmax", "--device", "cpu", "--json")
    #expect(some.code == 0, "\(some.error)")
    let result = try json(some.output)
    #expect(try #require(result["checked"]?.integer) >= 9)
    #expect(result["wrong"] == .array([]))
    let none = try apus("check", "no such thing", "--device", "cpu")
    #expect(none.code == 64)
    #expect(none.error.contains("no computation's name contains no such thing"))
  }

  @Test func anInterruptedRunSaysHowToGoOnAndEndsTheSame() throws {
    try withTemporaryFolder { folder in
      let data = try iris(folder)
      func options(_ name: String) -> [String] {
        [
          "train", "--dataset", "csv:\(data)", "--hidden", "64", "--dropout", "0.3", "--batch-size", "16", "--steps",
          "60000", "--log-every", "1000", "--device", "cpu", "--output", folder.file(name),
        ]
      }
      let stopped = try apus(list: options("parts"), interruptingOnce: folder.file("parts/checkpoint.safetensors"))
      #expect(stopped.code == 0)
      #expect(stopped.output.contains("go on with: apus train --resume"), "\(stopped.output)\(stopped.error)")
      #expect(try apus("train", "--resume", folder.file("parts"), "--quiet").code == 0)
      #expect(try apus(list: options("whole")).code == 0)
      #expect(
        try bytes(of: folder.file("parts/checkpoint.safetensors"))
          == (try bytes(of: folder.file("whole/checkpoint.safetensors"))))
    }
  }

  @Test func comparisonsAreWrittenAndPrinted() throws {
    try withTemporaryFolder { folder in
      let data = try iris(folder)
      let outcome = try apus(
        "compare", "--optimizers", "sgd:learning-rate=0.05,adam,amsbound", "--dataset", "csv:\(data)", "--batch-size",
        "10", "--steps", "50", "--device", "cpu", "--output", folder.file("comparison"), "--json")
      #expect(outcome.code == 0, "\(outcome.error)")
      let rows = try json(outcome.output)["optimizers"]?.array?.compactMap(\.object)
      #expect(rows?.compactMap { $0["name"]?.string } == ["sgd:learning-rate=0.05", "adam", "amsbound"])
      #expect(rows?.first?["learning_rate"]?.number == 0.05)
      #expect(try text(of: folder.file("comparison/comparison.svg")).contains("amsbound"))
    }
  }

  @Test func aBenchmarkIsMeasuredAndPrinted() throws {
    let outcome = try apus(
      "bench", "update adam 10000", "launch submitted", "--device", "cpu", "--rounds", "1", "--json")
    #expect(outcome.code == 0, "\(outcome.error)")
    let result = try json(outcome.output)
    let figures = result["figures"]?.array?.compactMap(\.object) ?? []
    try #require(figures.count == 2)
    #expect(figures.compactMap { $0["name"]?.string } == ["update adam 10000", "launch submitted"])
    #expect(figures.compactMap { $0["unit"]?.string } == ["GB/s", "µs"])
    // 28 bytes a parameter.
    let (value, seconds) = (figures[0]["value"]?.number ?? 0, figures[0]["seconds"]?.number ?? 0)
    #expect(abs(value * seconds - 280_000e-9) < 1e-9)
    #expect(try #require(figures[0]["share"]?.number) > 0)
    #expect(try #require(result["limits"]?.object?["multiply_adds"]?.number) > 0)
    #expect(outcome.error.contains("update adam 10000"))
  }

  @Test func whatADeviceHasNoTimeForIsSaid() throws {
    let outcome = try apus("bench", "launch", "--device", "cpu", "--limit", "0.001")
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("limits: ") && outcome.output.contains("launch awaited: out of time"))
  }

  @Test func aBenchmarkNeedsNoLimits() throws {
    let outcome = try apus(
      "bench", "update adam 10000", "--device", "cpu", "--no-limits", "--rounds", "1", "--json")
    #expect(outcome.code == 0, "\(outcome.error)")
    let result = try json(outcome.output)
    let figure = try #require(result["figures"]?.array?.first?.object)
    #expect(try #require(figure["value"]?.number) > 0)
    #expect(figure["share"] == nil && result["limits"] == nil && !outcome.error.contains("limits"))
  }

  @Test func growthIsMeasuredAndDrawn() throws {
    try withTemporaryFolder { folder in
      let outcome = try apus(
        "bench", "--growth", "mlp-depth", "--device", "cpu", "--rounds", "1", "--limit", "0.001", "--output",
        folder.file("growth"), "--json")
      #expect(outcome.code == 0, "\(outcome.error)")
      let sweeps = try json(outcome.output)["sweeps"]?.array?.compactMap(\.object) ?? []
      #expect(sweeps.map { $0["name"]?.string } == ["mlp-depth"])
      #expect(outcome.error.contains("cpu, 32: out of time"))
      #expect(try text(of: folder.file("growth/mlp-depth.svg")).contains("hidden layers"))
      #expect(try text(of: folder.file("growth/tables.md")).contains("## mlp-depth"))
    }
    #expect(try apus("bench", "--growth", "--list").output.contains("mlp-width"))
  }

  @Test func benchmarksAreListed() throws {
    let list = try apus("bench", "--list").output
    #expect(list.contains("* product 512×512×512 NN"))
    #expect(list.contains("update: each optimizer's update"))
    let rows = try json(try apus("bench", "launch", "--list", "--json").output)["benchmarks"]?.array
    #expect(rows?.compactMap { $0.object?["name"]?.string } == ["launch submitted", "launch awaited"])
  }

  @Test func everyCommandHasHelp() throws {
    for command in ["train", "evaluate", "predict", "compare", "inspect", "devices", "optimizers", "bench"] {
      let outcome = try apus("help", command)
      #expect(outcome.code == 0)
      #expect(outcome.output.contains("USAGE: apus \(command)"))
    }
  }
}
