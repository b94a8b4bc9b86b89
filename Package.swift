// swift-tools-version: 6.1
import Foundation
import PackageDescription

// The CPU kernels are one set of source files compiled once per instruction set. The flags that select an
// instruction set are "unsafe" to SwiftPM, which refuses them in a package that is used as a versioned
// dependency; there the package builds with its baseline kernels alone.
let isDependency = Context.packageDirectory.contains("/checkouts/")
let instructionSets: [(name: String, flags: [String])] = [
  ("ApusCPUBaseline", []),
  ("ApusCPUAVX2", ["-Xcc", "-march=x86-64-v3"]),
  ("ApusCPUAVX512", ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"]),
]
let kernelFlags = ["-Ounchecked", "-Xcc", "-fno-math-errno"]

let instructionSetTargets: [Target] = instructionSets.map { set in
  .target(
    name: set.name,
    dependencies: ["ApusCPUKernels", "ApusExpression", "ApusOptimizers", "CPrefetch"],
    swiftSettings: isDependency
      ? [.define("APUS_BASELINE_ONLY")] : [.unsafeFlags(kernelFlags + set.flags)])
}

let package = Package(
  name: "Apus",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Apus", targets: ["Apus"]),
    .library(name: "ApusBenchmarks", targets: ["ApusBenchmarks"]),
    .executable(name: "apus", targets: ["ApusCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    .target(name: "ApusExpression"),
    .target(name: "ApusGraph", dependencies: ["ApusExpression"]),
    .target(name: "ApusOptimizers", dependencies: ["ApusExpression"]),
    .target(name: "ApusLayers", dependencies: ["ApusGraph"]),
    .target(name: "ApusCompiler", dependencies: ["ApusGraph", "ApusOptimizers"]),

    .target(name: "CPrefetch"),
    .target(name: "ApusCPUKernels", dependencies: ["ApusOptimizers"]),
    .target(
      name: "ApusCPU",
      dependencies: ["ApusCompiler", "ApusCPUKernels"]
        + instructionSets.map { .target(name: $0.name) }),

    .target(name: "COpenCL", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "ApusKernels", path: "Kernels", sources: ["embed.c"]),
    .target(
      name: "ApusOpenCL",
      dependencies: ["ApusCompiler", "COpenCL", "ApusKernels", .product(name: "Logging", package: "swift-log")]),

    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
    .target(name: "ApusFormats", dependencies: ["CZlib", "CPNG", "CTurboJPEG"]),
    .target(
      name: "ApusData", dependencies: ["ApusExpression", "ApusFormats"],
      swiftSettings: Context.environment["APUS_STATIC"] == nil ? [] : [.define("APUS_STATIC")]),
    .target(
      name: "ApusTraining",
      dependencies: [
        "ApusCompiler", "ApusLayers", "ApusData", "ApusFormats", .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "Apus", dependencies: ["ApusTraining", "ApusCPU", "ApusOpenCL"]),
    .target(name: "ApusConformance", dependencies: ["ApusCompiler"]),
    .target(name: "ApusReproduction", dependencies: ["Apus"]),
    .target(name: "ApusBenchmarks", dependencies: ["Apus", "ApusOpenCL", "ApusOptimizers"]),
    .executableTarget(
      name: "ApusCLI",
      dependencies: [
        "Apus", "ApusBenchmarks", "ApusConformance", "ApusReproduction", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .target(
      name: "ApusTestSupport", dependencies: ["ApusConformance", "ApusOptimizers", "ApusData"],
      path: "Tests/ApusTestSupport"),
    .testTarget(name: "ApusExpressionTests", dependencies: ["ApusExpression"]),
    .testTarget(name: "ApusGraphTests", dependencies: ["ApusGraph", "ApusTestSupport"]),
    .testTarget(name: "ApusOptimizersTests", dependencies: ["ApusOptimizers", "ApusTestSupport"]),
    .testTarget(name: "ApusLayersTests", dependencies: ["ApusLayers", "ApusTestSupport"]),
    .testTarget(name: "ApusCompilerTests", dependencies: ["ApusCompiler", "ApusTestSupport"]),
    .testTarget(name: "ApusCPUTests", dependencies: ["ApusCPU", "ApusTestSupport"]),
    .testTarget(name: "ApusOpenCLTests", dependencies: ["ApusOpenCL", "ApusTestSupport"]),
    .testTarget(name: "ApusDataTests", dependencies: ["ApusData", "ApusTestSupport"]),
    .testTarget(name: "ApusFormatsTests", dependencies: ["ApusFormats", "ApusTestSupport"]),
    .testTarget(name: "ApusTrainingTests", dependencies: ["ApusTraining", "ApusTestSupport"]),
    .testTarget(name: "ApusConformanceTests", dependencies: ["Apus", "ApusTestSupport"]),
    .testTarget(
      name: "ApusBenchmarksTests", dependencies: ["ApusBenchmarks", "ApusCPU", "ApusCPUKernels", "ApusTestSupport"]),
    .testTarget(name: "ApusReproductionTests", dependencies: ["ApusReproduction", "ApusTestSupport"]),
    .testTarget(name: "ApusCLITests", dependencies: ["ApusCLI", "Apus", "ApusTestSupport"]),
  ] + instructionSetTargets,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)

// In continuous integration a warning is an error, in this package and not in those it depends on.
if Context.environment["APUS_WARNINGS_AS_ERRORS"] != nil && !isDependency {
  for target in package.targets where target.type != .system && target.type != .plugin {
    target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-warnings-as-errors"])]
  }
}
