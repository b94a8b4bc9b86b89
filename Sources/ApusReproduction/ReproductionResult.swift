import Apus
import Foundation

/// What a reproduction found, beside what its source reports.
public struct ReproductionResult: Sendable {
  /// What was measured, as lines of text.
  public let table: TextTable
  /// The figure.
  public let figure: Figure
  /// What the source reports and what was measured, line by line.
  public let claims: TextTable
  /// Everything, as `result.json` has it.
  public let json: JSONObject
  private let heading: [String]
  private let remarks: [String]

  init(_ reproduction: Reproduction, _ options: ReproductionOptions, _ records: RunRecords, seconds: Double) {
    var notes: [String] = []
    let note = reproduction.note(options.tier)
    if !note.isEmpty { notes.append("\(options.tier.rawValue) tier: \(note)") }
    if let dataset = options.dataset { notes.append("data set: \(dataset)") }
    var skippedGroups: [String] = []
    for (name, reason) in records.skipped {
      let group = String(name.prefix { $0 != "/" })
      if !skippedGroups.contains(group) { notes.append("left out: \(group): \(reason.prefix { $0 != ";" })") }
      skippedGroups.append(group)
    }
    table = reproduction.table(records)
    var figure = reproduction.figure(records)
    figure.note = notes.joined(separator: "; ")
    self.figure = figure
    let measured = reproduction.claims.map { ($0, $0.measure(records)) }
    var claims = TextTable(columns: [
      ("quantity", .left), ("reported", .left), ("measured", .left), ("where reported", .left),
    ])
    for (claim, measurement) in measured {
      claims.append([claim.quantity, claim.reported, measurement?.text ?? "not run", claim.place])
    }
    self.claims = claims
    let source = reproduction.source
    heading =
      ["\(reproduction.name): \(reproduction.title)", "\(source.citation), \(source.place), \(source.link)"] + notes
    remarks = reproduction.remarks
    var json: JSONObject = [
      "name": .string(reproduction.name), "title": .string(reproduction.title),
      "source": .object([
        "citation": .string(source.citation), "place": .string(source.place), "link": .string(source.link),
      ]),
      "tier": .string(options.tier.rawValue), "seed": .integer(Int(truncatingIfNeeded: options.seed)),
    ]
    json["device"] = .string(records.records.last?.device ?? "the processor, in double precision")
    json["seconds"] = .number(seconds)
    json["versions"] = .object([
      "apus": .string(options.version), "system": .string(ProcessInfo.processInfo.operatingSystemVersionString),
    ])
    json["notes"] = .array(notes.map(JSONValue.string))
    json["remarks"] = .array(remarks.map(JSONValue.string))
    json["claims"] = .array(measured.map(Self.json))
    json["table"] = table.json
    json["runs"] = .array(records.records.map(Self.json))
    self.json = json
  }

  /// What is reported and what was measured, side by side.
  private static func json(_ claim: Reproduction.Claim, _ measurement: Reproduction.Measurement?) -> JSONValue {
    let reported: JSONObject = [
      "text": .string(claim.reported), "value": claim.value.map { .number($0) } ?? .null, "place": .string(claim.place),
    ]
    var measured = JSONValue.null
    if let measurement {
      measured = .object([
        "text": .string(measurement.text), "value": measurement.value.map { .number($0) } ?? .null,
      ])
    }
    return .object(["quantity": .string(claim.quantity), "reported": .object(reported), "measured": measured])
  }

  private static func json(_ record: RunRecords.Record) -> JSONValue {
    var object: JSONObject = [
      "name": .string(record.job.name), "configuration": .object(record.settings), "seconds": .number(record.seconds),
      "device": .string(record.device), "training_cost": .number(record.history.finalTrainingCost),
    ]
    if let last = record.history.validation.last {
      object["validation_loss"] = .number(last.loss)
      object["accuracy"] = last.accuracy.map { .number($0) }
      object["best_accuracy"] = record.history.bestAccuracy.map { .number($0) }
    }
    return .object(object)
  }

  /// The text of `table.txt`.
  public var text: String {
    var lines = heading + [""] + table.lines() + [""] + claims.lines()
    if !remarks.isEmpty { lines += [""] + remarks }
    return lines.joined(separator: "\n") + "\n"
  }

  func write(to directory: String) throws(TrainingError) {
    try TrainingError.wrapping {
      try figure.writeSVG(to: directory + "/figure.svg")
      try figure.writePNG(to: directory + "/figure.png")
      for (name, text) in [("table.txt", text), ("result.json", JSONValue.object(json).indented + "\n")] {
        try atomicallyWrite(to: directory + "/" + name) { sink throws(FileError) in try sink.write(text) }
      }
    }
  }
}

extension TextTable {
  /// The rows as objects by heading.
  fileprivate var json: JSONValue {
    .array(
      cells.map { row in
        var object = JSONObject()
        for (heading, cell) in zip(headings, row) { object[heading] = .string(cell) }
        return .object(object)
      })
  }
}
