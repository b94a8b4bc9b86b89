import ApusFormats
import Foundation
import Testing

@Suite("Drawings")
struct DrawingTests {
  /// The share of a drawing's pixels that are not white.
  private func ink(_ drawing: Drawing, scale: Double = 1) -> Double {
    let samples = drawing.picture(scale: scale).samples
    return Double(samples.count { $0 < 250 }) / Double(samples.count)
  }

  private func page(_ body: (inout Drawing) -> Void) -> Drawing {
    var drawing = Drawing(width: 40, height: 20, title: "a page")
    body(&drawing)
    return drawing
  }

  @Test(arguments: "0123456789ABCXYZabcxyz%()−αβγθλσωΣΔ√×–·±≤∞é")
  func everyCharacterLeavesInk(character: Character) {
    let drawing = page { $0.text(String(character), at: [10, 16], size: 16) }
    #expect(ink(drawing) > 0.002)
    let box = page { $0.text("日", at: [10, 16], size: 16) }
    #expect(drawing.picture() != box.picture(), "\(character) has no shape")
  }

  @Test func textStandsWhereItIsAnchored() {
    func columns(_ anchor: Drawing.Label.Anchor) -> ClosedRange<Int> {
      let picture = page { $0.text("HHH", at: [20, 15], size: 8, anchor: anchor) }.picture(scale: 1)
      let inked = (0..<picture.width).filter { column in
        (0..<picture.height).contains { picture.samples[($0 * picture.width + column) * 3] < 200 }
      }
      return (inked.first ?? 0)...(inked.last ?? 0)
    }
    #expect(20...22 ~= columns(.start).lowerBound)
    #expect(17...19 ~= columns(.end).upperBound)
    #expect(abs(columns(.middle).lowerBound + columns(.middle).upperBound - 39) <= 1)
  }

  @Test func superscriptsAreRaisedAndPlainInEveryFont() {
    #expect(TextMetrics.runs("10⁻³").map(\.text) == ["10", "−3"])
    #expect(TextMetrics.runs("β₁ᵗ").map(\.level) == [.base, .subscript, .superscript])
    let svg = page { $0.text("10⁻³ β₁", at: [10, 16], size: 10) }.svg
    #expect(svg.contains("10<tspan dy=\"-3.6\" font-size=\"7.2\">−3</tspan><tspan dy=\"3.6\"> β</tspan>"))
    #expect(XMLCheck(svg).isWellFormed)
    #expect(TextMetrics.width(of: "10⁻³") < TextMetrics.width(of: "10−3"))
  }

  @Test func theSameDrawingGivesTheSameBytes() throws {
    let drawing = page { drawing in
      drawing.circle([10, 10], radius: 5, fill: Colour(213, 94, 0))
      drawing.text("a", at: [20, 10])
      drawing.clip(to: Drawing.Rectangle(x: 0, y: 0, width: 20, height: 20)) {
        $0.polyline([[0, 0], [40, 20]], Drawing.Stroke(.ink))
      }
    }
    #expect(drawing.picture() == drawing.picture())
    #expect(try drawing.picture().encodedPNG() == drawing.picture().encodedPNG())
    #expect(drawing.svg == drawing.svg)
    #expect(drawing.picture().width == 80 && drawing.picture().height == 40)
  }

  @Test func clippingHoldsInBothOutputs() {
    let drawing = page { drawing in
      drawing.clip(to: Drawing.Rectangle(x: 0, y: 0, width: 20, height: 20)) {
        $0.rectangle(Drawing.Rectangle(x: 10, y: 0, width: 30, height: 20), fill: .ink)
      }
    }
    #expect(abs(ink(drawing) - 0.25) < 1e-9)
    let check = XMLCheck(drawing.svg)
    #expect(check.isWellFormed && check.attributes["clipPath"]?["id"] == "clip1")
    #expect(check.attributes["g"]?["clip-path"] == "url(#clip1)")
  }
}
