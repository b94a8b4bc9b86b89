import Foundation
import Synchronization

/// Ctrl-C and termination: the first asks the run to finish its step and write its state, the second ends at once.
enum Interruption {
  private static let count = Atomic<Int>(0)

  /// Whether a stop has been asked for.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// Begins to listen.
  static func listen() {
    for signal in [SIGINT, SIGTERM] {
      Foundation.signal(signal) { number in
        if Interruption.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
      }
    }
  }
}
