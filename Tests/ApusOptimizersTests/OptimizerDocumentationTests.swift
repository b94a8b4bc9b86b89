import ApusOptimizers
import Foundation
import Testing

/// The documentation's tables against the code that they describe.
@Suite struct OptimizerDocumentationTests {
  private static let page = Result {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Documentation/Optimizers.md")
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test(arguments: OptimizerKind.allCases)
  func theTableIsTheRegistrys(kind: OptimizerKind) throws {
    let lines = try Self.page.get().split(separator: "\n")
    let row = try kind.type.row()
    #expect(lines.contains { $0 == row }, "expected in Documentation/Optimizers.md: \(row)")
    #expect(lines.contains("## \(kind.rawValue)"))
  }

  @Test func schedulesAreListedWithTheirDefaults() throws {
    for form in Schedule.forms { #expect(try Self.page.get().contains("\n| `\(form)` |"), "\(form)") }
  }
}

extension Optimizer {
  fileprivate static func row() throws -> String {
    let settings = try standard().settings.map { "`\($0.name)=\($0.value)`" }.joined(separator: " ")
    let decay = weightDecayKind.rawValue
    let cells = ["`\(name)`", "\(defaultLearningRate)", "\(stateBytesPerParameter)", decay, settings]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}
