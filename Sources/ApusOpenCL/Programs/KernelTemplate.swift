import ApusKernels

/// The text of a `.cl` file, from which kernels are made.
///
/// Each file is valid OpenCL C 1.2 by itself, beside the files that it includes: a line `#include "NAME.cl"` stands for the
/// text of another embedded file. What varies from instance to instance is either a macro that the file defines unless it
/// is defined already, or a region between the lines `//@begin NAME` and `//@end NAME`, whose text in the file is a working
/// default.
package struct KernelTemplate: Sendable {
  /// The file's name without `.cl`.
  package let name: String
  /// The names of the kernels and other functions in it.
  package let functions: [String]
  /// The names of the macros that it defines.
  package let macros: [String]

  private let parts: [Part]

  private enum Part: Sendable {
    case text(String)
    case region(name: String, text: String)
  }

  /// Reads the text of a file.
  package init(name: String, text: String) {
    self.name = name
    var functions: [String] = []
    var macros: [String] = []
    var parts: [Part] = []
    var lines: [Substring] = []
    var region: Substring?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let trimmed = line.drop { $0 == " " }
      if trimmed.hasPrefix("//@begin ") {
        parts.append(.text(lines.joined(separator: "\n")))
        lines = []
        region = trimmed.dropFirst("//@begin ".count)
      } else if trimmed.hasPrefix("//@end "), let begun = region {
        parts.append(.region(name: String(begun), text: lines.joined(separator: "\n")))
        lines = []
        region = nil
      } else {
        lines.append(line)
      }
      if trimmed.hasPrefix("#define ") {
        macros.append(String(trimmed.dropFirst("#define ".count).prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
      } else if let kernel = ["__kernel void ", "void "].first(where: trimmed.hasPrefix) {
        // A kernel with attributes begins on the line before.
        functions.append(String(trimmed.dropFirst(kernel.count).prefix { $0 != "(" }))
      } else if trimmed.hasPrefix("static "), let name = trimmed.prefix(while: { $0 != "(" }).split(separator: " ").last
      {
        functions.append(String(name))
      }
    }
    parts.append(.text(lines.joined(separator: "\n")))
    self.functions = functions
    self.macros = macros
    self.parts = parts
  }

  /// The names of the regions, in the order of the file.
  package var regions: [String] {
    parts.compactMap { part in
      if case .region(let name, _) = part { name } else { nil }
    }
  }

  /// The file's text with other text in some of its regions; the markers stay when `keepingMarkers` is set.
  package func text(regions replacements: [String: String] = [:], keepingMarkers: Bool = false) -> String {
    var pieces: [String] = []
    for part in parts {
      switch part {
      case .text(let text): pieces.append(text)
      case .region(let name, let text):
        let body = replacements[name] ?? text
        if keepingMarkers { pieces.append("//@begin \(name)") }
        if !body.isEmpty { pieces.append(body) }
        if keepingMarkers { pieces.append("//@end \(name)") }
      }
    }
    return pieces.joined(separator: "\n")
  }
}

extension KernelTemplate {
  /// The file embedded under a name, such as `pointwise` or `Updates/adam`; nil when there is none.
  package static func embedded(_ name: String) -> KernelTemplate? { all[name] }

  /// An embedded file whose lines that include others stand as they are; nil when there is none.
  static func unexpanded(_ name: String) -> KernelTemplate? {
    texts[name].map { KernelTemplate(name: name, text: $0) }
  }

  /// Every embedded file.
  package static let all = [String: KernelTemplate](
    uniqueKeysWithValues: texts.map { ($0, KernelTemplate(name: $0, text: included($1))) })

  /// The embedded files' texts as they are.
  private static let texts: [String: String] = {
    var texts: [String: String] = [:]
    for index in 0..<apus_kernel_count() {
      let file = apus_kernel(index)
      guard let rawName = file.name, let bytes = file.bytes else { continue }
      let name = String(cString: rawName)
      texts[name] = String(decoding: UnsafeRawBufferPointer(start: bytes, count: file.size), as: UTF8.self)
    }
    return texts
  }()

  /// A text with embedded files in place of the lines that include them.
  package static func included(_ text: String) -> String { included(text, from: texts) }

  /// A file's text with other files' in place of the lines that include them, and what these include likewise.
  package static func included(_ text: String, from texts: [String: String]) -> String {
    let opening = "#include \""
    guard text.contains(opening) else { return text }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
      guard line.hasPrefix(opening), line.hasSuffix(".cl\"") else { return line }
      // An unknown name stays, for the driver's compiler to complain of.
      let name = String(line.dropFirst(opening.count).dropLast(".cl\"".count))
      // No file includes itself, however far down.
      return texts[name].map { included($0, from: texts.filter { $0.key != name })[...] } ?? line
    }
    return lines.joined(separator: "\n")
  }
}
