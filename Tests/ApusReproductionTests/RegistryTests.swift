import Apus
import ApusReproduction
import Testing

@Suite("Registry of reproductions")
struct RegistryTests {
  @Test func holdsEveryComparisonOnce() {
    #expect(
      Reproduction.all.map(\.name) == [
        "ravine", "optimizer-comparison", "adam-figure-1", "adam-figure-2", "adam-figure-3", "adam-figure-4",
        "adabound-cifar10", "char-gpt",
      ])
  }

  @Test(arguments: Reproduction.all.map(\.name))
  func saysWhereItComesFromAndWhatItTakes(name: String) throws {
    let reproduction = try Reproduction.named(name)
    #expect(!reproduction.title.isEmpty && !reproduction.claims.isEmpty && !reproduction.remarks.isEmpty)
    #expect(reproduction.source.citation.contains(",") && !reproduction.source.place.isEmpty)
    #expect(reproduction.source.link.contains("arXiv:") || reproduction.source.link.contains("https://"))
    for claim in reproduction.claims {
      #expect(!claim.quantity.isEmpty && !claim.place.isEmpty)
      // A number that is shown is one that the source states.
      #expect(claim.value == nil ? claim.reported.hasPrefix("curve only") : Double(claim.reported) == claim.value)
    }
    for tier in Reproduction.Tier.allCases {
      #expect(!reproduction.cost(tier).isEmpty)
      let names = reproduction.settings(tier).map(\.name)
      #expect(Set(names).count == names.count)
    }
  }

  /// The settings without those of models and data that this build may lack.
  private static let coming: Set<String> = ["adam-cnn", "resnet20", "resnet34", "vae", "gpt"]

  @Test(arguments: Reproduction.all.map(\.name), Reproduction.Tier.allCases)
  func knownModelsHaveValidSettings(name: String, tier: Reproduction.Tier) throws {
    let reproduction = try Reproduction.named(name)
    let known = Set(ModelKind.allCases.map(\.rawValue))
    let keys = Set(RunConfiguration.keys.map(\.name))
    for (run, settings) in reproduction.settings(tier) {
      let model = try #require(settings["model"]?.string)
      #expect(known.contains(model) || Self.coming.contains(model), "\(run): \(model)")
      guard known.contains(model), settings.keys.allSatisfy(keys.contains) else { continue }
      var configuration = RunConfiguration()
      try configuration.apply(settings, source: run)
      let resolved = try configuration.resolved()
      #expect(resolved.learningRate == settings["learning-rate"]?.number)
    }
  }

  @Test func whatThisBuildLacksIsSaidInOneLine() throws {
    let known = Set(ModelKind.allCases.map(\.rawValue))
    for reproduction in Reproduction.all {
      let needed = Set(reproduction.settings(.quick).compactMap { $0.settings["model"]?.string })
      if needed.isSubset(of: known) { continue }
      let obstacle = try #require(reproduction.obstacle(.quick))
      #expect(obstacle.hasPrefix("\(reproduction.name): ") && !obstacle.contains("\n"))
      #expect(throws: TrainingError.self) { try reproduction.run(ReproductionOptions(directory: "/nowhere")) }
    }
  }

  @Test func aMistypedNameIsCorrected() {
    do throws(TrainingError) {
      _ = try Reproduction.named("ravne")
      Issue.record("there is no 'ravne'")
    } catch {
      #expect(error.message.contains("did you mean 'ravine'?"))
    }
  }
}
