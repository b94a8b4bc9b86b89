/// Where a product keeps copies and partial products in its scratch memory, in floats: each worker's panel, packed B, packed
/// A, partial products.
struct MatrixScratch {
  /// A worker's panel of B.
  private let panel: Int
  private let panels: Int
  /// The packed operands and the partial products of a batch entry; an operand that all share is packed once.
  private let right: Int
  private let left: Int
  private let partials: Int
  private let sharesRight: Bool
  private let sharesLeft: Bool
  /// How many entries are worked on at a time.
  private let entries: Int

  init(
    panel: Int, workers: Int, right: Int, left: Int, partials: Int, sharesRight: Bool, sharesLeft: Bool, entries: Int
  ) {
    self.panel = panel
    panels = panel * workers
    self.right = right
    self.left = left
    self.partials = partials
    self.sharesRight = sharesRight
    self.sharesLeft = sharesLeft
    self.entries = entries
  }

  private var leftStart: Int { panels + right * (sharesRight ? 1 : entries) }
  private var partialsStart: Int { leftStart + left * (sharesLeft ? 1 : entries) }

  /// All of it.
  var count: Int { partialsStart + partials * entries + 64 }

  /// Where a worker's panel begins.
  func panel(of worker: Int) -> Int { worker * panel }

  /// Where an entry's operands begin, by its position among those that are worked on.
  func right(_ entry: Int) -> Int { panels + (sharesRight ? 0 : entry * right) }
  func left(_ entry: Int) -> Int { leftStart + (sharesLeft ? 0 : entry * left) }

  /// Where an entry's partial products begin.
  func partials(_ entry: Int) -> Int { partialsStart + entry * partials }
}
