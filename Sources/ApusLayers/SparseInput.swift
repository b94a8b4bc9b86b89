import ApusExpression
import ApusGraph

/// A batch of sparse samples: for each the columns and values of what is not zero, padded to one length.
public struct SparseInput {
  /// int32 `[B, L]`; a negative column ends its sample.
  public let columns: Tensor
  /// `[B, L]`.
  public let values: Tensor
  /// The number of columns, stored or not.
  public let width: Int

  /// A batch; `columns` and `values` have one shape.
  public init(columns: Tensor, values: Tensor, width: Int) {
    self.columns = columns
    self.values = values
    self.width = width
  }

  /// The batch behind a dropout: each value is dropped or scaled by itself, and zeros stay zeros.
  public func dropped(_ dropout: Dropout) -> SparseInput {
    SparseInput(columns: columns, values: dropout(values), width: width)
  }
}

/// A model that takes sparse samples too, without ever making them dense.
public protocol SparseModule: Module {
  /// Applies the module to sparse samples.
  func callAsFunction(_ x: SparseInput) -> Tensor
}
