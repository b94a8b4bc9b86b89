// [README example]
import Apus

struct Classifier: Module {
  let hidden = Linear(784, 200)
  let output = Linear(200, 10)

  func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(Flatten()(x)))) }
}

func train(_ dataset: Dataset) throws -> Double {
  let device = try Device.open("auto")
  let trainer = try Trainer(
    TrainingPlan(
      model: Classifier(), dataset: dataset, optimizer: try AMSBound(), schedule: try Schedule(learningRate: 0.001),
      batchSize: 100, totalSteps: 600),
    on: device.backend)
  while trainer.step < 600 {
    try trainer.runStep()
    if trainer.step % 100 == 0, let last = try trainer.losses().last { print(last.step, last.loss) }
  }
  return try trainer.evaluate().accuracy ?? 0
}
// [end]
