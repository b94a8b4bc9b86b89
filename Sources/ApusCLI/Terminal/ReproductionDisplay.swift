import Apus
import ApusReproduction

/// What a person sees of a reproduction: which run of how many, the usual bar, and a line for each run that is done.
struct ReproductionDisplay {
  private let terminal: Terminal
  private var run: RunDisplay?
  private var heading = ""

  init(terminal: Terminal) { self.terminal = terminal }

  /// Shows what has happened.
  mutating func report(_ event: Reproduction.Event) {
    switch event {
    case .device(let device): terminal.writeLine("device: \(device.backend.name): \(device.reason)")
    case .note(let note): terminal.writeLine(note)
    case .began(let name, let number, let total):
      heading = "run \(number) of \(total): \(name)"
      run = nil
    case .training(let training, let event):
      if run == nil { run = RunDisplay(training, terminal: terminal, isQuiet: false, heading: heading) }
      run?.report(event)
    case .ended(let name, let number, let total, let seconds, let wasThere):
      clear()
      run = nil
      terminal.writeLine(
        "run \(number) of \(total): \(name): " + (wasThere ? "was there" : "done in \(Quantity.duration(seconds))"))
    }
  }

  /// Removes the live line before something else is printed.
  func clear() { run?.clear() }
}
