import ApusExpression
import ApusGraph

/// A variational autoencoder with one hidden layer on either side and Bernoulli pixels.
///
/// Parameters: `encoder` `[hidden, inputs]`, `mean` and `log_variance` `[latents, hidden]`, `decoder`
/// `[hidden, latents]`, `output` `[inputs, hidden]`, each a linear layer with `weight` and `bias`.
///
/// Sources: Kingma and Welling, 2013, arXiv:1312.6114, appendix C; with 500 softplus units and 50 latents, Kingma and Ba,
/// 2015, arXiv:1412.6980, section 6.4.
public struct VariationalAutoencoder: Module {
  /// The number of elements of a sample.
  public let inputs: Int
  /// The number of latent variables.
  public let latents: Int
  /// What follows the two hidden layers.
  public let activation: Activation
  let encoder: Linear
  let mean: Linear
  let logVariance: Linear
  let decoder: Linear
  let output: Linear

  /// An autoencoder of samples that are flattened to `inputs` numbers in 0 ... 1.
  public init(
    inputs: Int, hidden: Int = 500, latents: Int = 50, activation: Activation = .softplus,
    initializer: Initializer = .standard
  ) {
    self.inputs = inputs
    self.latents = latents
    self.activation = activation
    encoder = Linear(inputs, hidden, initializer: initializer)
    mean = Linear(hidden, latents, initializer: initializer)
    logVariance = Linear(hidden, latents, initializer: initializer)
    decoder = Linear(latents, hidden, initializer: initializer)
    output = Linear(hidden, inputs, initializer: initializer)
  }

  /// The mean and the logarithm of the variance of the latent variables, `[N, latents]` each.
  public func encoded(_ x: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let hidden = activation(encoder(Flatten()(x)))
    return (mean(hidden), logVariance(hidden))
  }

  /// Logits of the pixels, `[N, inputs]`, from latent variables `[N, latents]`.
  public func decoded(_ latent: Tensor) -> Tensor { output(activation(decoder(latent))) }

  /// The negative evidence lower bound of each sample in nats, `[N]`: what training minimizes.
  ///
  /// - Parameters:
  ///   - x: samples in 0 ... 1, `[N, …]`.
  ///   - noise: standard normal numbers `[N, latents]`; drawn by the counter generator when nil.
  public func negativeBound(_ x: Tensor, noise: Tensor? = nil) -> Tensor {
    let pixels = Flatten()(x)
    let (mean, logVariance) = encoded(pixels)
    let noise = noise ?? mean.normalNoise()
    let latent = pointwise(mean, logVariance, noise) { $0[0] + .exp(0.5 * $0[1]) * $0[2] }
    let reconstruction = sigmoidCrossEntropy(decoded(latent), targets: pixels).sum(over: [1])
    return reconstruction + gaussianDivergence(mean: mean, logVariance: logVariance).sum(over: [1])
  }

  /// Reconstructions in 0 ... 1, `[N, inputs]`, from the mean of the latent variables.
  public func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(decoded(encoded(x).mean)) }
}

extension VariationalAutoencoder: CustomReflectable {
  /// The parts under the names that a Python implementation gives them.
  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "encoder": encoder, "mean": mean, "log_variance": logVariance, "decoder": decoder, "output": output,
      ])
  }
}
