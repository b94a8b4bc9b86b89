import ApusExpression
import ApusGraph

/// A recurrent layer with a cell and three gates, unrolled over the length of its input.
///
/// Parameters: `weight_ih_l0` `[4 width, inputs]`, `weight_hh_l0` `[4 width, width]`, `bias_ih_l0` and `bias_hh_l0`
/// `[4 width]`, gates in the order input, forget, cell, output, all uniform in ±1/√width: as in `torch.nn.LSTM`.
///
/// Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997,
/// doi:10.1162/neco.1997.9.8.1735, with the forget gate of Gers et al., 2000.
public final class LSTM: ParameterOwner {
  /// The length of the input's vectors.
  public let inputs: Int
  /// The length of the state's vectors.
  public let width: Int
  private let weights: RecurrentWeights

  /// A layer from `[B, T, inputs]` to `[B, T, width]`; the first state is zero.
  public init(_ inputs: Int, _ width: Int, file: StaticString = #fileID, line: UInt = #line) {
    self.inputs = inputs
    self.width = width
    weights = RecurrentWeights(inputs: inputs, width: width, gates: 4, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard let (projected, steps) = weights.project(x, of: self) else { return x }
    var hidden: Tensor?
    var cell: Tensor?
    var results: [Tensor] = []
    for time in 0..<steps {
      let gates =
        hidden.map { projected[time] + weights.recurrent($0, of: self) } ?? projected[time]
        + weights.bias(of: self, in: x.graph)
      let parts = weights.parts(gates)
      let newCell =
        cell.map {
          pointwise(parts[0], parts[1], parts[2], $0) { .sigmoid($0[1]) * $0[3] + .sigmoid($0[0]) * .tanh($0[2]) }
        }
        ?? pointwise(parts[0], parts[2]) { .sigmoid($0[0]) * .tanh($0[1]) }
      let newHidden = pointwise(parts[3], newCell) { .sigmoid($0[0]) * .tanh($0[1]) }
      (cell, hidden) = (newCell, newHidden)
      results.append(newHidden)
    }
    return weights.joined(results)
  }
}

/// A recurrent layer with two gates, unrolled over the length of its input.
///
/// Parameters: `weight_ih_l0` `[3 width, inputs]`, `weight_hh_l0` `[3 width, width]`, `bias_ih_l0` and `bias_hh_l0`
/// `[3 width]`, in the order reset, update, new, all uniform in ±1/√width: as in `torch.nn.GRU`, which applies the reset
/// gate behind the recurrent product.
///
/// Source: Cho et al., 2014, arXiv:1406.1078.
public final class GRU: ParameterOwner {
  /// The length of the input's vectors.
  public let inputs: Int
  /// The length of the state's vectors.
  public let width: Int
  private let weights: RecurrentWeights

  /// A layer from `[B, T, inputs]` to `[B, T, width]`; the first state is zero.
  public init(_ inputs: Int, _ width: Int, file: StaticString = #fileID, line: UInt = #line) {
    self.inputs = inputs
    self.width = width
    weights = RecurrentWeights(inputs: inputs, width: width, gates: 3, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard let (projected, steps) = weights.project(x, of: self) else { return x }
    var hidden: Tensor?
    var results: [Tensor] = []
    for time in 0..<steps {
      let own = weights.parts(projected[time])
      let past = weights.parts(
        hidden.map { weights.recurrent($0, of: self) } ?? weights.bias(of: self, in: x.graph))
      let operands = own + past
      func new(_ e: [Expression]) -> (update: Expression, candidate: Expression) {
        (.sigmoid(e[1] + e[4]), .tanh(e[2] + .sigmoid(e[0] + e[3]) * e[5]))
      }
      let newHidden =
        hidden.map { state in
          pointwise(operands[0], operands[1], operands[2], operands[3], operands[4], operands[5], state) {
            let (update, candidate) = new($0)
            return candidate + update * ($0[6] - candidate)
          }
        }
        ?? pointwise(operands[0], operands[1], operands[2], operands[3], operands[4], operands[5]) {
          let (update, candidate) = new($0)
          return candidate - update * candidate
        }
      hidden = newHidden
      results.append(newHidden)
    }
    return weights.joined(results)
  }
}

/// What the recurrent layers share: their parameters, and the input's projection in one product for all times.
struct RecurrentWeights: Sendable {
  let inputs: Int
  let width: Int
  let gates: Int
  let file: StaticString
  let line: UInt

  private func parameter(_ name: String, _ shape: Shape, of owner: any ParameterOwner, in graph: Graph) -> Tensor {
    owner.parameter(name, shape, .standard, fanIn: width, fanOut: gates * width, in: graph, file: file, line: line)
  }

  /// The gates' share of each time's input, `[B, gates · width]` each; nil when the input does not fit.
  func project(_ x: Tensor, of owner: any ParameterOwner) -> (projected: [Tensor], steps: Int)? {
    guard x.shape.rank == 3, x.shape[2] == inputs else {
      x.graph.report(
        "a recurrent layer over [B, T, \(inputs)] does not fit \(x.shape)", at: SourceLocation(file: file, line: line))
      return nil
    }
    let (batch, steps) = (x.shape[0], x.shape[1])
    let weight = parameter("weight_ih_l0", [gates * width, inputs], of: owner, in: x.graph)
    // Declared here, so that a sequence of one time, which has no state before, has all parameters too.
    _ = recurrentWeight(of: owner, in: x.graph)
    let bias = parameter("bias_ih_l0", [gates * width], of: owner, in: x.graph)
    // Time outermost, so that one time's rows are contiguous.
    let rows = x.transposed([1, 0, 2], file: file, line: line).reshaped(
      to: [steps * batch, inputs], file: file, line: line)
    let all = matrixProduct(rows, weight, transposingRight: true, file: file, line: line) + bias
    return (
      (0..<steps).map { all.slice($0 * batch..<($0 + 1) * batch, file: file, line: line) }, steps
    )
  }

  /// The gates' share of a state `[B, width]`.
  func recurrent(_ hidden: Tensor, of owner: any ParameterOwner) -> Tensor {
    let weight = recurrentWeight(of: owner, in: hidden.graph)
    return matrixProduct(hidden, weight, transposingRight: true, file: file, line: line)
      + bias(of: owner, in: hidden.graph)
  }

  private func recurrentWeight(of owner: any ParameterOwner, in graph: Graph) -> Tensor {
    parameter("weight_hh_l0", [gates * width, width], of: owner, in: graph)
  }

  /// The gates' share of a state of zeros.
  func bias(of owner: any ParameterOwner, in graph: Graph) -> Tensor {
    parameter("bias_hh_l0", [gates * width], of: owner, in: graph)
  }

  /// `[…, gates · width]` cut into gates.
  func parts(_ x: Tensor) -> [Tensor] {
    (0..<gates).map { x.slice($0 * width..<($0 + 1) * width, axis: -1, file: file, line: line) }
  }

  /// The states of all times, `[B, T, width]`.
  func joined(_ states: [Tensor]) -> Tensor {
    let columns = states.map { $0.reshaped(to: [$0.shape[0], 1, width], file: file, line: line) }
    return concatenate(columns, axis: 1, file: file, line: line) ?? states[0]
  }
}
