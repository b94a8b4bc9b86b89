import ApusGraph
import ApusTestSupport
import Foundation
import Testing

import ApusOpenCL

@Suite struct TuningTests {
  @Test(arguments: ["wide AB- 1", "wide B- 4", "wide - 2", "dot", "tiled 128 16", "tensor 64 2"])
  func variantsOfProductsHaveATextForm(text: String) throws {
    #expect(try #require(MatrixProduct.Variant(text)).description == text)
  }

  @Test(arguments: [
    "wide", "winograd", "direct", "tiled 64 8", "tensor 32 4", "patch 1 16 32 8", "patch-weights 16 1 4 32 7",
  ])
  func variantsOfConvolutionsHaveATextForm(text: String) throws {
    #expect(try #require(ConvolutionProduct.Variant(text)).description == text)
  }

  @Test(arguments: [
    "", "tiled", "tiled 64", "tensor 64", "wide 1", "direct 2", "winograd 1", "dot 1", "patch 1 16 32",
    "patch 1 8 16 3",
  ])
  func nothingElseIsAVariant(text: String) {
    #expect(MatrixProduct.Variant(text) == nil)
    #expect(ConvolutionProduct.Variant(text) == nil)
  }

  @Test(.enabled(if: TestDevice.isPresent, TestDevice.reason))
  func aTableIsKeptForItsDeviceAndDriver() throws {
    try withTemporaryFolder { folder in
      let device = try #require(TestDevice.first)
      let place = URL(fileURLWithPath: folder.path)
      let file = try #require(TuningFile(device, folder: place))
      #expect(file.load() == TuningTable())
      var table = TuningTable()
      table.choices["product 1x2x3x4 NN"] = .init(variant: "dot", seconds: 1e-6)
      table.trying = TuningTable.attempt("product 5x5x5x5 NN", "tiled 64 1")
      try file.store(table)
      let loaded = file.load()
      #expect(loaded.choices == table.choices)
      // What was being tried when the process ended is not tried again.
      #expect(loaded.failures == ["product 5x5x5x5 NN, tiled 64 1"])
      #expect(loaded.trying == nil)
      var other = device
      other.style = device.style == .wide ? .tiled : .wide
      #expect(try #require(TuningFile(other, folder: place)).load() == TuningTable())
      try Data("{".utf8).write(to: file.url)
      #expect(file.load() == TuningTable())
    }
  }

  @Test(.enabled(if: TestDevice.isPresent, TestDevice.reason))
  func aFindingIsUsedWhereItFits() throws {
    var device = try #require(TestDevice.first)
    device.style = .tiled
    let context = try TestDevice.context()
    let memory = MemoryRange(try OpenCLBuffer(context, size: 4 * 64 * 64))
    let operand = MatrixProduct.Operand(memory, rowStride: 64, columnStride: 1)
    let product = MatrixProduct(m: 64, n: 64, k: 64, a: operand, b: operand, c: operand)
    #expect(product.candidates(for: device).contains(product.ruledVariant(for: device)))
    #expect(product.bestVariant(for: device) == product.ruledVariant(for: device))
    device.tuning.choices[product.tuningKey] = .init(variant: "tiled 128 1", seconds: 1)
    #expect(product.bestVariant(for: device) == .tiled(tile: 128, splits: 1))
    // Another style's variant, or nonsense, leaves the rule in force.
    for text in ["dot", "tiled 65 1", "?"] {
      device.tuning.choices[product.tuningKey] = .init(variant: text, seconds: 1)
      #expect(product.bestVariant(for: device) == product.ruledVariant(for: device))
    }
  }
}
