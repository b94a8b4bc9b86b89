/// Where the evenly spaced rows of a tile lie.
///
/// Multiples of the distance are stored, and computed where a kernel's compiler does not see how: it would otherwise add
/// the distance from row to row, in a chain that takes longer than the products.
package struct RowDistances: Sendable {
  package let one: Int
  package let three: Int
  package let four: Int
  package let eight: Int
  package let twelve: Int

  package init(_ distance: Int) {
    (one, three, four, eight, twelve) = (distance, 3 * distance, 4 * distance, 8 * distance, 12 * distance)
  }
}
