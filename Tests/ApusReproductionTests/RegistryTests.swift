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

  @Test(arguments: Reproduction.all.map(\.name), Reproduction.Tier.allCases)
  func everyRunHasValidSettings(name: String, tier: Reproduction.Tier) throws {
    let reproduction = try Reproduction.named(name)
    #expect(reproduction.obstacle(tier) == nil)
    for (run, settings) in reproduction.settings(tier) {
      var configuration = RunConfiguration()
      try configuration.apply(settings, source: run)
      #expect(try configuration.resolved().learningRate == settings["learning-rate"]?.number)
    }
  }

  @Test func whatABuildLacksIsSaidInOneLine() throws {
    let settings: JSONObject = ["model": "no-such-model"]
    let line = Comparison.Line("Adam", .adam, learningRate: 0.1)
    let reproduction = Reproduction(
      name: "strange", title: "", source: Reproduction.Source(citation: "", place: "", link: ""), claims: [],
      cost: { _ in "" }, note: { _ in "" },
      comparison: { _ in Comparison(groups: [Comparison.Group(key: "a", settings: settings, lines: [line])], views: [])
      })
    let obstacle = try #require(reproduction.obstacle(.quick))
    #expect(obstacle.hasPrefix("strange: this build cannot run it: a/adam: model is 'no-such-model'"))
    #expect(!obstacle.contains("\n"))
    #expect(throws: TrainingError.self) { try reproduction.run(ReproductionOptions(directory: "/nowhere")) }
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
