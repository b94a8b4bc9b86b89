import ApusFormats
import Testing

@Suite("Resized pictures")
struct ResizingTests {
  private func grey(_ width: Int, _ samples: [UInt8]) -> PixelImage {
    PixelImage(width: width, height: samples.count / width, channelCount: 1, samples: samples)
  }

  @Test func theRightSizeStaysAsItIs() {
    let image = grey(3, (0..<6).map { $0 * 40 })
    #expect(image.fitted(toWidth: 3, height: 2) == image)
  }

  @Test func shrinkingAveragesAreas() {
    let image = grey(4, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150])
    #expect(image.fitted(toWidth: 2, height: 2).samples == [25, 45, 105, 125])
    #expect(image.fitted(toWidth: 1, height: 1).samples == [75])
    // A third: each new pixel takes one and a third of the old ones each way, of a ramp by 30 across and 120 down.
    let third = image.fitted(toWidth: 3, height: 3).samples
    #expect(third == [13, 25, 38, 63, 75, 88, 113, 125, 138])
  }

  @Test func growingInterpolatesBetweenCentres() {
    #expect(grey(2, [0, 100, 0, 100]).fitted(toWidth: 4, height: 4).samples.prefix(4) == [0, 25, 75, 100])
    #expect(grey(1, [9]).fitted(toWidth: 3, height: 3).samples == [UInt8](repeating: 9, count: 9))
  }

  @Test func theMiddleIsKept() {
    // 6×2 to 2×2: the middle 2×2 as it is; and the other way round.
    let wide = grey(6, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    #expect(wide.fitted(toWidth: 2, height: 2).samples == [2, 3, 8, 9])
    #expect(grey(2, wide.samples).fitted(toWidth: 2, height: 2).samples == [4, 5, 6, 7])
    #expect(wide.fitted(toWidth: 1, height: 1).samples == [6])
  }

  @Test func channelsStayApart() {
    let image = PixelImage(
      width: 2, height: 2, channelCount: 3, samples: [0, 100, 200, 10, 110, 210, 20, 120, 220, 30, 130, 230])
    #expect(image.fitted(toWidth: 1, height: 1).samples == [15, 115, 215])
    var planes = [UInt8](repeating: 0, count: 12)
    planes.withUnsafeMutableBufferPointer { image.copyPlanes(into: $0) }
    #expect(planes == [0, 10, 20, 30, 100, 110, 120, 130, 200, 210, 220, 230])
  }

  @Test func greyWeighsTheColours() {
    let image = PixelImage(
      width: 4, height: 1, channelCount: 3, samples: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    #expect(image.grey.samples == [76, 150, 29, 255])
    #expect(image.grey.converted(toChannels: 3).samples.prefix(6) == [76, 76, 76, 150, 150, 150])
  }
}
