import ApusFormats
import Dispatch
import Synchronization

/// Decodes the pictures of a folder on all cores, block after block, each brought to one size.
struct PictureDecoding {
  let size: ImageOptions.Size
  let channelCount: Int
  let errors: ImageOptions.Errors

  /// What came of one split.
  struct Outcome {
    /// The classes of the pictures that were written.
    var labels: [Int32] = []
    /// Why the others were not.
    var failures: [FileError] = []
  }

  /// The bytes of one picture.
  var byteCount: Int { size.height * size.width * channelCount }

  /// Pictures are held in memory by blocks of about this many bytes.
  private static let blockBytes = 1 << 26
  /// The pictures that one core decodes in one go.
  private static let chunk = 64

  /// The size of the first picture that can be read.
  ///
  /// - Parameters:
  ///   - folder: where they lie.
  /// - Throws: the first picture's error; where they are to be skipped, the last one's when there is no other.
  static func firstSize(
    of pictures: [ImageFolder.Picture], in folder: String, errors: ImageOptions.Errors
  ) throws(FileError) -> ImageOptions.Size {
    var failure = FileError(folder, "there are no pictures here")
    for picture in pictures {
      do throws(FileError) {
        let image = try PixelImage(path: picture.file.path)
        return ImageOptions.Size(height: image.height, width: image.width)
      } catch {
        if errors == .stop { throw error }
        failure = error
      }
    }
    throw failure
  }

  /// Decodes pictures and writes those that can be read, planes after one another, in order.
  ///
  /// - Throws: the error of the first picture that cannot be read, unless they are to be skipped.
  func decode(_ pictures: [ImageFolder.Picture], into sink: FileSink) throws(FileError) -> Outcome {
    let capacity = max(1, min(pictures.count, PictureDecoding.blockBytes / byteCount))
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: capacity * byteCount)
    defer { block.deallocate() }
    var outcome = Outcome()
    for start in stride(from: 0, to: pictures.count, by: capacity) {
      let part = pictures[start..<min(start + capacity, pictures.count)]
      let failures = decode(part, into: block)
      if errors == .stop, let first = failures.keys.min(), let failure = failures[first] { throw failure }
      for (place, picture) in part.enumerated() {
        if let failure = failures[place] {
          outcome.failures.append(failure)
          continue
        }
        outcome.labels.append(picture.label)
        try sink.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(block)[bytes(of: place)]))
      }
    }
    return outcome
  }

  private func bytes(of place: Int) -> Range<Int> { place * byteCount..<(place + 1) * byteCount }

  /// Decodes as many pictures as fit in `block`; returns the errors by place.
  private func decode(
    _ pictures: ArraySlice<ImageFolder.Picture>, into block: UnsafeMutableBufferPointer<UInt8>
  ) -> [Int: FileError] {
    let failures = Mutex<[Int: FileError]>([:])
    // Each iteration writes the places of its own pictures.
    nonisolated(unsafe) let block = block
    let count = pictures.count
    let chunk = PictureDecoding.chunk
    DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { iteration in
      let decoder = ImageDecoder()
      let buffer = FileBuffer()
      for place in iteration * chunk..<min((iteration + 1) * chunk, count) {
        let path = pictures[pictures.startIndex + place].file.path
        do throws(FileError) {
          let image = try buffer.read(path) { bytes throws(FileError) in
            try decoder.decode(
              bytes, path: path, channelCount: channelCount,
              coverage: ImageDecoder.Coverage(width: size.width, height: size.height))
          }
          image.fitted(toWidth: size.width, height: size.height)
            .copyPlanes(into: UnsafeMutableBufferPointer(rebasing: block[bytes(of: place)]))
        } catch {
          failures.withLock { $0[place] = error }
        }
      }
    }
    return failures.withLock { $0 }
  }
}
