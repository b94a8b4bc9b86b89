import Foundation
import Synchronization

/// Ctrl-C and termination: the first asks the run to finish its step and write its state, the second ends at once.
enum Interruption {
  private static let count = Atomic<Int>(0)

  /// Whether a stop has been asked for.
  static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

  /// Begins to listen. A parent may have left the signals blocked, as a Swift program does that starts another from a
  /// dispatch queue, so they are unblocked.
  static func listen() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] {
      sigaddset(&signals, signal)
      Foundation.signal(signal) { number in
        if Interruption.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
