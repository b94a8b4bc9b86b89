import ApusCPUKernels
import ApusExpression

/// This module's kernels.
package let kernels = KernelTable(
  instructionSet: instructionSet, lanes: Wide.count,
  matrix: MatrixKernels(
    tileRows: tileRows, panelColumns: panelColumns, lanes: Wide.count,
    multiply: { multiplyBlock($0) }, pack: { packPanels($0) }, combine: { combinePartials($0) }),
  convolution: ConvolutionKernels(
    lanes: Wide.count, broadRows: broadTileRows, narrowRows: narrowTileRows,
    packWeights: { packConvolutionWeights($0) }, convolve: { convolveBlock($0, $1) },
    sumWeights: { sumConvolutionWeights($0, $1) }, combineWeights: { combineConvolutionWeights($0) },
    planes: { convolvePlanes($0, $1) },
    winograd: WinogradKernels(
      expandWeights: { expandWeights($0) }, expandTiles: { expandTiles($0) }, multiply: { multiplyTiles($0) },
      reduceTiles: { reduceTiles($0) }, reduceWeights: { reduceWeights($0) })),
  images: ImageKernels(
    pool: { poolPlanes($0, $1, $2, $3) }, poolGradient: { poolGradientPlanes($0, $1, $2, $3) },
    attentionWeights: { attentionWeights($0) }, attentionGradients: { attentionGradients($0, $1) },
    sparseRows: { copySparseRows($0, $1) }, sparseProduct: { multiplySparseRows($0, $1) },
    sparseProductGradient: { sumSparseProductGradient($0, $1, $2) }, augment: { augmentImage($0) }),
  updateLoop: { updateLoop($0) }, multiplyAdds: { addProducts($0, $1) }, chains: chainKernels())
