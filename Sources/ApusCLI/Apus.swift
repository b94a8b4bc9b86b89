import ArgumentParser

@main
struct ApusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "Train neural networks on any GPU through OpenCL, and in pure Swift without one.",
    discussion: """
      apus train --dataset mnist --model mlp --hidden 200,200 --optimizer amsbound
      apus compare --optimizers sgd,adam,amsbound --steps 1000
      apus devices
      """,
    version: "0.1.0",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, SampleCommand.self, CompareCommand.self,
      InspectCommand.self,
      DevicesCommand.self, ModelsCommand.self, OptimizersCommand.self, CheckCommand.self, TuneCommand.self,
      BenchCommand.self,
      ReproduceCommand.self,
    ])
}
