import Apus
import ApusReproduction
import ArgumentParser
import Foundation

struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract:
      "Run a published comparison again: a table, a figure, and what the source reports beside what was measured.",
    discussion: """
      The directory gets table.txt, figure.svg, figure.png, result.json and a run directory for every training run. Ctrl-C stops \
      after the step; the same command goes on with what is left.
      """)

  @Argument(help: "What to run; --list has the names.")
  var name: String?

  @Flag(help: "List what can be run, with its source and its cost.")
  var list = false

  @Option(help: "quick (under three minutes on two cores) or full (as in the source).")
  var tier = Reproduction.Tier.quick

  @Option(help: "auto, cpu, opencl, opencl:INDEX or opencl:NAME; 'apus devices' lists them.")
  var device = "auto"

  @Option(help: "Folder with the data sets' files (default: $APUS_DATA_DIR, then downloads to a cache).")
  var dataDir: String?

  @Option(help: "A data set in place of the source's, such as digits, which is built in.")
  var dataset: String?

  @Option(help: "Added to the key of every run's random numbers.")
  var seed = 0

  @Option(name: .customLong("output"), help: "Directory for the results (default: runs/NAME-TIER).")
  var directory: String?

  @Flag(help: "Make the runs again that are in the directory.")
  var overwrite = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard list || name != nil else { throw ValidationError("name a reproduction, or use --list") }
    guard seed >= 0 else { throw ValidationError("--seed must be at least 0") }
  }

  func run() throws {
    if list {
      printList()
      return
    }
    let reproduction = try Reproduction.named(name ?? "")
    let screen = output.json ? Terminal.error : Terminal.output
    let target = RunDirectory(directory ?? "runs/\(reproduction.name)-\(tier.rawValue)")
    var options = ReproductionOptions(directory: target.path)
    options.tier = tier
    options.device = device
    options.dataFolder = dataDir
    options.dataset = dataset
    options.seed = UInt64(seed)
    options.overwrites = overwrite
    options.downloader = DownloadDisplay.downloader(on: screen)
    options.version = ApusCommand.configuration.version

    Interruption.listen()
    var display = ReproductionDisplay(terminal: screen)
    let result: ReproductionResult?
    do {
      result = try reproduction.run(options) {
        display.report($0)
      } shouldStop: {
        Interruption.isRequested
      }
      display.clear()
    } catch {
      display.clear()
      throw error
    }
    guard let result else {
      screen.writeLine("stopped; go on with the same command, which keeps what is finished in \(target.path)")
      if output.json { Terminal.output.writeLine(JSONValue.object(["interrupted": true]).line) }
      return
    }
    if output.json {
      Terminal.output.writeLine(JSONValue.object(result.json).line)
      return
    }
    screen.write(result.text)
    screen.writeLine("figure in \(target.file("figure.png")) and figure.svg, everything in result.json")
  }

  private func printList() {
    if output.json {
      let rows = Reproduction.all.map { row -> JSONValue in
        .object([
          "name": .string(row.name), "title": .string(row.title), "source": .string(row.source.citation),
          "place": .string(row.source.place), "link": .string(row.source.link), "quick": .string(row.cost(.quick)),
          "full": .string(row.cost(.full)), "obstacle": row.obstacle(.quick).map(JSONValue.string) ?? .null,
        ])
      }
      Terminal.output.writeLine(JSONValue.object(["reproductions": .array(rows)]).line)
      return
    }
    var table = TextTable(columns: [
      ("name", .left), ("what", .left), ("quick", .left), ("full", .left), ("source", .left),
    ])
    for row in Reproduction.all {
      table.append([
        row.name, row.title, row.cost(.quick), row.cost(.full), "\(row.source.citation), \(row.source.place)",
      ])
    }
    for line in table.lines() { Terminal.output.writeLine(line) }
    for row in Reproduction.all { row.obstacle(.quick).map(Terminal.output.writeLine) }
  }
}

extension Reproduction.Tier: ExpressibleByArgument {}
