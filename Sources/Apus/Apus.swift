// What a library user imports: one module for all rooms.
@_exported import ApusCompiler
@_exported import ApusData
@_exported import ApusExpression
@_exported import ApusFormats
@_exported import ApusGraph
@_exported import ApusLayers
@_exported import ApusOptimizers
@_exported import ApusTraining
