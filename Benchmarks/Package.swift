// swift-tools-version: 6.1
import PackageDescription

// The kernels' benchmarks in the form that the community's tools read. None of the optional parts of the benchmark
// package are wanted: they need libraries to be installed, and what Apus allocates is decided before it runs.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "Apus", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "KernelBenchmarks",
      dependencies: [
        .product(name: "Apus", package: "Apus"),
        .product(name: "ApusBenchmarks", package: "Apus"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/KernelBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
