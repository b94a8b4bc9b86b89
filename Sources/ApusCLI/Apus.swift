import ArgumentParser

@main
struct ApusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus", abstract: "Train neural networks on any GPU through OpenCL, and in pure Swift without one.")
}
