extension Drawing {
  /// The drawing as an SVG file: text stays text, and the picture scales with the page it stands on.
  ///
  /// The same drawing gives the same bytes.
  package var svg: String {
    var svg = SVGText()
    svg.group(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(SVGText.number(width)) \(SVGText.number(height))",
        "role": "img", "font-family": "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif",
      ]
    ) { svg in
      svg.element("title", [:], text: title)
      svg.element("rect", ["width": "100%", "height": "100%", "fill": "#fff"])
      var writer = SVGDrawingWriter()
      for element in elements { writer.write(element, into: &svg) }
    }
    return svg.text
  }
}

/// Writes shapes as SVG elements; numbers the clipping rectangles.
private struct SVGDrawingWriter {
  private var clipCount = 0

  mutating func write(_ element: Drawing.Element, into svg: inout SVGText) {
    switch element {
    case .path(let contours, let isClosed, let fill, let stroke):
      let data = contours.map { contour in
        "M" + contour.map { "\(SVGText.number($0.x)) \(SVGText.number($0.y))" }.joined(separator: "L")
          + (isClosed ? "Z" : "")
      }
      svg.element("path", pairs: [("d", data.joined())] + paint(fill, stroke))
    case .circle(let centre, let radius, let fill, let stroke):
      let place = [
        ("cx", SVGText.number(centre.x)), ("cy", SVGText.number(centre.y)), ("r", SVGText.number(radius)),
      ]
      svg.element("circle", pairs: place + paint(fill, stroke))
    case .text(let label):
      write(label, into: &svg)
    case .clipped(let rectangle, let elements):
      clipCount += 1
      let name = "clip\(clipCount)"
      svg.group("clipPath", ["id": name]) { svg in
        svg.element(
          "rect",
          [
            "x": SVGText.number(rectangle.x), "y": SVGText.number(rectangle.y),
            "width": SVGText.number(rectangle.width), "height": SVGText.number(rectangle.height),
          ])
      }
      svg.openGroup("g", ["clip-path": "url(#\(name))"])
      for element in elements { write(element, into: &svg) }
      svg.closeGroup("g")
    }
  }

  private func paint(_ fill: Colour?, _ stroke: Drawing.Stroke?) -> [(key: String, value: String)] {
    var pairs = [(key: "fill", value: fill?.hexadecimal ?? "none")]
    if let fill, fill.opacity < 1 { pairs.append(("fill-opacity", SVGText.number(fill.opacity))) }
    guard let stroke else { return pairs }
    pairs += [("stroke", stroke.colour.hexadecimal), ("stroke-width", SVGText.number(stroke.width))]
    if stroke.colour.opacity < 1 { pairs.append(("stroke-opacity", SVGText.number(stroke.colour.opacity))) }
    if !stroke.dash.isEmpty {
      pairs.append(("stroke-dasharray", stroke.dash.map(SVGText.number).joined(separator: " ")))
    }
    if stroke.width > 1 { pairs.append(("stroke-linejoin", "round")) }
    return pairs
  }

  private func write(_ label: Drawing.Label, into svg: inout SVGText) {
    let (x, y) = (SVGText.number(label.place.x), SVGText.number(label.place.y))
    var pairs: [(key: String, value: String)] = []
    if label.rotation == 0 {
      pairs += [("x", x), ("y", y)]
    } else {
      pairs.append(("transform", "translate(\(x) \(y)) rotate(\(SVGText.number(label.rotation)))"))
    }
    pairs.append(("font-size", SVGText.number(label.size)))
    switch label.anchor {
    case .start: break
    case .middle: pairs.append(("text-anchor", "middle"))
    case .end: pairs.append(("text-anchor", "end"))
    }
    if label.isBold { pairs.append(("font-weight", "bold")) }
    pairs.append(("fill", label.colour.hexadecimal))
    var rise = 0.0
    let spans = TextMetrics.runs(label.text).map { run -> SVGText.Span in
      defer { rise = run.level.rise }
      return SVGText.Span(
        text: run.text, shift: (rise - run.level.rise) * label.size,
        size: run.level == .base ? nil : run.level.scale * label.size)
    }
    svg.element("text", pairs: pairs, spans: spans)
  }
}
