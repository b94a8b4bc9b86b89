import ApusFormats
import Foundation
import Testing

@Suite("Terminal")
struct TerminalTests {
  private func terminal(_ environment: [String: String], isTerminal: Bool = true) -> Terminal {
    Terminal(descriptor: 1, isTerminal: isTerminal, environment: environment)
  }

  @Test func coloursFollowTheEnvironment() {
    #expect(terminal(["TERM": "xterm"]).hasColours)
    #expect(!terminal(["NO_COLOR": "1"]).hasColours)
    #expect(terminal(["NO_COLOR": ""]).hasColours)
    #expect(!terminal(["TERM": "dumb"]).hasColours && !terminal(["TERM": "dumb"]).isInteractive)
    #expect(!terminal([:], isTerminal: false).hasColours)
    #expect(terminal(["NO_COLOR": "1"]).bold("x") == "x" && terminal([:]).bold("x") == "\u{1B}[1mx\u{1B}[0m")
  }

  @Test func unicodeFollowsTheLocale() {
    #expect(terminal([:]).hasUnicode)
    #expect(terminal(["LANG": "de_DE.UTF-8"]).hasUnicode)
    #expect(!terminal(["LANG": "de_DE.UTF-8", "LC_ALL": "C"]).hasUnicode)
    #expect(terminal(["LC_ALL": "C"]).chartStyle().ink == .ascii)
    #expect(terminal(["NO_COLOR": "1"]).chartStyle().ink == .dots)
  }

  @Test(arguments: [
    ("abc", 3), ("naïve", 5), ("nai\u{308}ve", 5), ("漢字", 4), ("😀", 2), ("한글", 4), ("─┤⠒", 3), ("é\u{200B}", 1),
    ("", 0),
  ])
  func displayWidths(text: String, width: Int) { #expect(displayWidth(of: text) == width) }

  @Test func truncation() {
    #expect(truncated("abcdef", toDisplayWidth: 6) == "abcdef")
    #expect(truncated("abcdef", toDisplayWidth: 4) == "abc…")
    #expect(truncated("漢字漢字", toDisplayWidth: 6) == "漢字…")
    #expect(truncated("abc", toDisplayWidth: 0) == "")
  }

  @Test func tablesLineUp() {
    var table = TextTable(columns: [("name", .left), ("loss", .right), ("note", .left)])
    table.append(["adam", "0.03", "good"])
    table.append(["漢字", "12.5"])
    #expect(
      table.lines() == [
        "name  loss  note", "────  ────  ────", "adam  0.03  good", "漢字  12.5  ",
      ])
    #expect(table.lines(hasUnicode: false)[1] == "----  ----  ----")
  }

  @Test func quantities() {
    #expect(
      [0, 999, 1000, 60_000, 1_234_567, -1234].map(Quantity.count) == [
        "0", "999", "1,000", "60,000", "1,234,567", "-1,234",
      ])
    #expect(
      [0, 7, 9.876, 12.34, 987.4, 999.7, 12_345, 4_560_000, 2.5e9, .nan].map(Quantity.short)
        == ["0", "7", "9.88", "12.3", "987", "1.00k", "12.3k", "4.56M", "2.50G", "–"])
    #expect(
      [0.844, 12.54, 59.97, 185, 3723].map(Quantity.duration) == ["0.84 s", "12.5 s", "1:00", "3:05", "1:02:03"])
    #expect([0, 7, 185, 3723, .infinity].map(Quantity.clock) == ["0:00", "0:07", "3:05", "1:02:03", "–:––"])
    #expect([512, 1536, 47_040_016, 1 << 40].map(Quantity.bytes) == ["512 B", "1.50 KiB", "44.9 MiB", "1.00 TiB"])
    #expect(
      [2.302585, 0.08714, 3.2e-5, 0, 1e9, .nan].map(Quantity.loss) == [
        "2.3026", "0.0871", "3.20e-05", "0.0000", "1.00e+09", "nan",
      ])
    #expect(
      [3.2e-5, 1e-3, 0, .infinity, .nan].map(Quantity.deviation) == ["3.20e-05", "1.00e-03", "0.00e+00", "inf", "nan"])
    #expect(Quantity.percent(0.97713) == "97.71%")
  }
}

@Suite("Progress")
struct ProgressTests {
  private func report(_ step: Int, accuracy: Double? = nil) -> ProgressReport {
    ProgressReport(
      step: step, totalSteps: 200, epoch: 2, totalEpochs: 5, batchSize: 100, loss: 0.25, accuracy: accuracy)
  }

  /// What a display writes to a pipe.
  private func output(isTerminal: Bool, _ body: (ProgressDisplay, (Double) -> Void) -> Void) -> String {
    let pipe = Pipe()
    var time = 0.0
    let terminal = Terminal(
      descriptor: pipe.fileHandleForWriting.fileDescriptor, isTerminal: isTerminal, environment: ["NO_COLOR": "1"])
    body(ProgressDisplay(terminal: terminal, now: { time })) { time = $0 }
    try? pipe.fileHandleForWriting.close()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test func plainLinesComeAtABoundedRate() {
    let text = output(isTerminal: false) { display, setTime in
      for step in 1...100 {
        setTime(Double(step) / 10)
        display.update(report(step, accuracy: step > 50 ? 0.975 : nil))
      }
      display.finish()
    }
    #expect(
      text == """
        epoch 2/5  step 1/200  loss 0.2500
        epoch 2/5  step 51/200  loss 0.2500  accuracy 97.50%  1.00k samples/s  0:15 left
        epoch 2/5  step 100/200  loss 0.2500  accuracy 97.50%  1.00k samples/s  0:10 left

        """)
  }

  @Test func whatIsNoStepDoesNotCountInTheSpeed() {
    let text = output(isTerminal: false) { display, setTime in
      for step in 1...20 {
        setTime(Double(step) / 10)
        display.update(report(step))
      }
      setTime(60)
      display.skipTime()
      setTime(60.1)
      display.update(report(21))
    }
    #expect(text.hasSuffix("step 21/200  loss 0.2500  1.00k samples/s  0:18 left\n"))
  }

  @Test func theBarIsDrawnOver() {
    let text = output(isTerminal: true) { display, setTime in
      display.update(report(1))
      setTime(1)
      display.update(report(101))
      setTime(1.05)
      display.update(report(102))
      display.note("a line that stays")
      display.finish()
    }
    let pieces = text.split(separator: "\r", omittingEmptySubsequences: true).map(String.init)
    #expect(pieces[0] == "epoch 2/5 ──────────────────────────────────────── " + "  0%  loss 0.2500\u{1B}[K")
    #expect(pieces[1].hasPrefix("epoch 2/5 ━━━━"))
    #expect(pieces[1].contains(" 50%  loss 0.2500  10.0k samples/s  0:01 left\u{1B}[K"))
    #expect(pieces[2].hasPrefix("\u{1B}[Ka line that stays\n"))
    #expect(text.hasSuffix("\u{1B}[K\n"))
    // The report within a tenth of a second of the one before is not drawn by itself.
    #expect(pieces.count == 5)
  }

  @Test(arguments: [20, 40, 79, 200])
  func theBarFitsTheWidth(width: Int) {
    let terminal = Terminal(descriptor: 1, isTerminal: true, environment: ["NO_COLOR": "1"])
    let line = ProgressDisplay.bar(report(150, accuracy: 0.5), speed: 10, width: width, terminal: terminal)
    #expect(displayWidth(of: line) <= width)
    #expect(line.hasPrefix("epoch 2/5"))
  }

  @Test func numbersThatAreNotFiniteAreShown() {
    var diverged = report(10)
    diverged.loss = .nan
    #expect(ProgressDisplay.plainLine(diverged, speed: nil) == "epoch 2/5  step 10/200  loss nan")
  }
}
