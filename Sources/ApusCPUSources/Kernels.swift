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
    sumWeights: { sumConvolutionWeights($0, $1) }, combineWeights: { combineConvolutionWeights($0) }),
  updateLoop: { updateLoop($0) }, chains: chainKernels())
