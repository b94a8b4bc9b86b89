import ApusCPUKernels

/// This module's kernels for everything but matrix products and updates.
func chainKernels() -> ChainKernelTable {
  ChainKernelTable(
    evaluate: { evaluateChain($0, $1, $2) },
    copy: { copyChain($0, $1, transposes: $2) },
    reduce: { reduceTasks($0, $1, $2) },
    combine: { combineSegments($0) },
    rowChain: { computeRowChain($0, $1, $2) },
    argmax: { argmaxRows($0, $1) },
    softmax: { softmaxRows($0, $1) },
    logSumExp: { logSumExpRows($0, $1) },
    softmaxCrossEntropy: { softmaxCrossEntropyRows($0, $1) },
    gather: { gatherRows($0, $1) },
    scatterAdd: { scatterAddRows($0, $1) })
}
