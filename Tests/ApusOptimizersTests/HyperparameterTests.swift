import ApusOptimizers
import Testing

@Suite struct HyperparameterTests {
  @Test func namesAreTheRegistrys() {
    #expect(
      OptimizerKind.allCases.map(\.rawValue) == [
        "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw", "adamax", "nadam", "radam",
        "amsgrad", "adabound", "amsbound", "lion",
      ])
    for kind in OptimizerKind.allCases { #expect(kind.type.name == kind.rawValue) }
  }

  @Test(arguments: ["AMSBound", "ams-bound", "ams_bound", "amsbound"])
  func anySpellingOfANameWorks(name: String) throws {
    #expect(try OptimizerKind(named: name) == .amsbound)
  }

  @Test func unknownOptimizerSuggestsTheNearest() {
    let error = #expect(throws: OptimizerError.self) { try OptimizerKind(named: "adamx") }
    #expect(error?.description.hasPrefix("unknown optimizer 'adamx' (did you mean 'adam'?); known: sgd, ") == true)
    let far = #expect(throws: OptimizerError.self) { try OptimizerKind(named: "quicksort") }
    #expect(far?.description.hasPrefix("unknown optimizer 'quicksort'; known: ") == true)
  }

  @Test func unknownHyperparameterSuggestsTheNearest() {
    let error = #expect(throws: OptimizerError.self) { try OptimizerKind.adam.make(["betta1": "0.9"]) }
    #expect(
      error?.description == "adam has no hyperparameter 'betta1' (did you mean 'beta1'?); "
        + "it has: beta1, beta2, epsilon, weight-decay, bias-correction")
  }

  @Test(arguments: ["weight-decay", "weight_decay", "weightDecay"])
  func anySpellingOfAHyperparameterWorks(name: String) throws {
    #expect(try Adam([name: "0.5"]).weightDecay == 0.5)
  }

  @Test func textThatIsNoValueIsRefused() {
    let number = #expect(throws: OptimizerError.self) { try Adam(["beta1": "much"]) }
    #expect(number?.description == "adam: beta1 is 'much', but must be at least 0 and below 1")
    let flag = #expect(throws: OptimizerError.self) { try Adam(["bias-correction": "maybe"]) }
    #expect(flag?.description == "adam: bias-correction is 'maybe', but must be true or false")
  }

  /// Values just outside each range, for every hyperparameter of every optimizer.
  @Test(arguments: OptimizerKind.allCases)
  func rangesAreEnforced(kind: OptimizerKind) throws {
    for (name, allowed) in kind.type.ranges {
      let bad: [String] =
        switch allowed {
        case "true or false": ["2"]
        case "at least 0 and below 1": ["-0.001", "1", "1.5", "nan", "inf"]
        case "above 0 and below 1": ["0", "1", "-1", "nan"]
        case "at least 0 and finite": ["-1e-9", "nan", "inf"]
        case "above 0 and finite": ["0", "-1", "nan", "inf"]
        default: []
        }
      #expect(!bad.isEmpty, "\(name): \(allowed)")
      for value in bad {
        let error = #expect(throws: OptimizerError.self, "\(kind) \(name)=\(value)") {
          try kind.make([name: value])
        }
        #expect(error?.description.contains("\(kind.rawValue): \(name) is ") == true)
        #expect(error?.description.hasSuffix("must be \(allowed)") == true)
      }
    }
  }

  @Test func initializersCheckToo() {
    let error = #expect(throws: OptimizerError.self) { try AMSBound(gamma: 1.5) }
    #expect(error?.description == "amsbound: gamma is 1.5, but must be above 0 and below 1")
  }

  /// Every hyperparameter changed, written out and read back.
  @Test(arguments: OptimizerKind.allCases)
  func settingsRoundTrip(kind: OptimizerKind) throws {
    let names = kind.type.ranges.map(\.name)
    var changed: [String: String] = [:]
    for (index, row) in kind.type.ranges.enumerated() {
      changed[row.name] = row.allowed == "true or false" ? "false" : "\(0.1 + Double(index) / 7)"
    }
    let settings = try kind.make(changed).settings
    #expect(settings.map(\.name) == names)
    for (name, value) in settings { #expect(value.description == changed[name]) }

    let defaults = try kind.make().settings
    let again = try kind.make(
      Dictionary(uniqueKeysWithValues: defaults.map { ($0.name, $0.value.description) }))
    #expect(again.settings.map(\.value) == defaults.map(\.value))
  }

  @Test func stateIsWhatThePapersNeed() {
    let bytes = OptimizerKind.allCases.map { $0.type.stateBytesPerParameter }
    #expect(bytes == [0, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 12, 8, 12, 4])
  }
}

extension Optimizer {
  fileprivate static var ranges: [(name: String, allowed: String)] { hyperparameters.map { ($0.name, $0.allowed) } }
}
