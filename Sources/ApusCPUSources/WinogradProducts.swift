import ApusCPUKernels
import ApusExpression

/// Multiplies transforms: for each product of a tile a matrix product of its own, in tiles as even as can be.
func multiplyTiles(_ p: WinogradProducts) {
  withUnsafePointer(to: ConvolutionStep(source: 0, packed: 0)) { step in
    let terms = ConvolutionTerms(
      rowSteps: step, rowCount: 1, columnSteps: step, columnCount: 1, depth: p.depth, sourceDepth: p.sourceDepth,
      packedDepth: 1, sourceStep: RowDistances(p.sourceStep))
    let isBroad = p.width > Wide.count
    let most = isBroad ? broadTileRows : narrowTileRows
    let tiles = (p.rows + most - 1) / most
    for product in 0..<p.count {
      var operands = ConvolutionOperands(
        source: p.source, packed: p.packed + product * p.packedProduct, target: p.target, targetStride: p.width,
        accumulates: p.accumulates)
      var row = 0
      for tile in 0..<tiles {
        let next = (tile + 1) * p.rows / tiles
        operands.source = p.source + product * p.sourceProduct + row * p.sourceStep
        operands.target = p.target + product * p.targetProduct + row * p.width
        if isBroad {
          sumBroad(next - row, terms, operands)
        } else {
          sumNarrow(next - row, terms, operands)
        }
        row = next
      }
    }
  }
}
