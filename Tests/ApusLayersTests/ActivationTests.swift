import ApusExpression
import ApusLayers
import Testing

/// Values and slopes of `torch.nn.functional` in double precision.
@Suite struct ActivationTests {
  private static let points = [-3, -1, -0.25, 0, 0.5, 2, 20]

  private static let values: [Activation: [Double]] = [
    .relu: [0, 0, 0, 0, 0.5, 2, 20],
    .tanh: [
      -0.9950547536867305, -0.7615941559557649, -0.24491866240370913, 0, 0.46211715726000974, 0.9640275800758169, 1,
    ],
    .sigmoid: [
      0.04742587317756678, 0.2689414213699951, 0.43782349911420193, 0.5, 0.6224593312018546, 0.8807970779778823,
      0.9999999979388463,
    ],
    .softplus: [
      0.04858735157374206, 0.31326168751822286, 0.5759394198788436, 0.6931471805599453, 0.9740769841801067,
      2.1269280110429727, 20.000000002061153,
    ],
    .silu: [
      -0.14227761953270035, -0.2689414213699951, -0.10945587477855048, 0, 0.3112296656009273, 1.7615941559557646,
      19.999999958776925,
    ],
    .gelu: [
      -0.00404969409489031, -0.15865525393145702, -0.10032341857926907, 0, 0.34573123063700656, 1.9544997361036416, 20,
    ],
    .geluTanh: [
      -0.0036373920817729943, -0.15880800939172324, -0.100324649298315, 0, 0.34571400982514394, 1.954597694087775, 20,
    ],
    .elu: [-0.950212931632136, -0.6321205588285577, -0.22119921692859512, 0, 0.5, 2, 20],
    .leakyRelu: [-0.03, -0.01, -0.0025, 0, 0.5, 2, 20],
    .identity: points,
  ]

  private static let slopes: [Activation: [Double]] = [
    .relu: [0, 0, 0, 0, 1, 1, 1],
    .tanh: [
      0.009866037165440166, 0.41997434161402614, 0.940014848806378, 1, 0.7864477329659274, 0.07065082485316443, 0,
    ],
    .sigmoid: [
      0.04517665973091214, 0.19661193324148185, 0.24613408273759835, 0.25, 0.2350037122015945, 0.10499358540350662,
      2.0611536879193953e-09,
    ],
    .softplus: [
      0.04742587317756679, 0.2689414213699951, 0.4378234991142019, 0.5, 0.6224593312018546, 0.8807970779778824,
      0.9999999979388464,
    ],
    .silu: [
      -0.08810410601516962, 0.07232948812851325, 0.37628997842980233, 0.5, 0.7399611873026519, 1.0907842487848955,
      1.0000000391619202,
    ],
    .gelu: [
      -0.01194564720418392, -0.08331547058768635, 0.304626645116364, 0.5, 0.8674951246561629, 1.085231801078197, 1,
    ],
    .geluTanh: [
      -0.011584166630969648, -0.08296408384578252, 0.30464590484893955, 0.5, 0.8673699035346424, 1.0860992566236183, 1,
    ],
    .elu: [0.049787068367863944, 0.36787944117144233, 0.7788007830714049, 1, 1, 1, 1],
    .leakyRelu: [0.01, 0.01, 0.01, 0.01, 1, 1, 1],
    .identity: [1, 1, 1, 1, 1, 1, 1],
  ]

  @Test(arguments: Activation.allCases)
  func valuesAreTorchs(activation: Activation) throws {
    let expected = try #require(Self.values[activation])
    for (x, y) in zip(Self.points, expected) {
      #expect((activation.apply(x) - y).magnitude <= 1e-15 * (1 + y.magnitude), "\(activation) at \(x)")
      #expect((activation.apply(Float(x)) - Float(y)).magnitude <= 3e-7 * (1 + Float(y).magnitude))
    }
  }

  @Test(arguments: Activation.allCases)
  func slopesAreTorchsAtKinksToo(activation: Activation) throws {
    let expected = try #require(Self.slopes[activation])
    let derivative = activation.apply(Expression.input(0)).derivative(withRespectTo: 0)
    for (x, slope) in zip(Self.points, expected) {
      #expect((derivative.evaluate(inputs: [x]) - slope).magnitude < 1e-14, "\(activation) at \(x)")
    }
  }

  @Test(arguments: Activation.allCases)
  func nanIsNeverSwallowed(activation: Activation) {
    #expect(activation.apply(Double.nan).isNaN)
    #expect(activation.apply(Float.nan).isNaN)
  }

  @Test(arguments: Activation.allCases)
  func farOutNothingOverflows(activation: Activation) {
    #expect(activation.apply(Float(-1000)).isFinite)
    #expect(activation.apply(Float(1000)).isFinite)
  }
}
