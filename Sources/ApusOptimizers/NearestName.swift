/// The known name that was probably meant: the one with the fewest edits, if these are few for its length.
package func nearestName(to name: String, in known: [String]) -> String? {
  let given = canonicalName(name)
  let ranked = known.map { (name: $0, distance: editDistance(given, canonicalName($0))) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(2, given.count / 3) && best.distance < given.count ? best.name : nil
}

/// A name in lower case without hyphens and underscores, so that every spelling of it is the same.
package func canonicalName(_ name: String) -> String {
  name.lowercased().filter { $0 != "-" && $0 != "_" }
}

/// The smallest number of characters inserted, deleted or exchanged that turns one text into the other.
///
/// Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
func editDistance(_ a: String, _ b: String) -> Int {
  let b = Array(b)
  var previous = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var row = [i + 1]
    for (j, y) in b.enumerated() {
      row.append(min(previous[j + 1] + 1, row[j] + 1, previous[j] + (x == y ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.count]
}
