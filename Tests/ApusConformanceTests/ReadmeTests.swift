import Apus
import Foundation
import Testing

/// The README's library example is this target's source, and does what it says.
@Suite struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func theExampleIsTheSourceThatIsCompiledHere() throws {
    let source = try String(
      contentsOf: Self.root.appendingPathComponent("Tests/ApusConformanceTests/ReadmeExample.swift"), encoding: .utf8)
    let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    let start = try #require(source.range(of: "// [README example]\n")).upperBound
    let end = try #require(source.range(of: "// [end]")).lowerBound
    #expect(readme.contains("```swift\n" + source[start..<end] + "```"))
  }

  @Test func theExampleLearns() throws {
    #expect(try train(.digits()) > 0.9)
  }
}
