import ApusGraph
import ApusLayers

/// Saying samples again through a few latent variables: the negative evidence lower bound, in nats per sample.
public struct Autoencoding: Objective {
  /// The autoencoder.
  public let autoencoder: VariationalAutoencoder

  public var model: any Module { autoencoder }

  /// Autoencoding; labels are not looked at.
  public init(_ autoencoder: VariationalAutoencoder) { self.autoencoder = autoencoder }

  public func results(of batch: Batch) -> SampleResults {
    SampleResults(losses: autoencoder.negativeBound(batch.tensor(for: autoencoder)))
  }
}
