import ApusFormats
import Foundation

/// CIFAR-10 in its binary version: files of rows, each a label and 3072 bytes, the planes of red, green and blue.
///
/// Source: https://www.cs.toronto.edu/~kriz/cifar.html
enum CIFAR10 {
  static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]
  private static let pixelCount = 3 * 32 * 32
  private static let trainingFiles = (1...5).map { "data_batch_\($0).bin" }
  private static let validationFiles = ["test_batch.bin"]
  private static let folder = "cifar-10-batches-bin"
  private static let archive = "cifar-10-binary.tar"

  /// Reads the data set from the folder that the user names, where it lies as binary files, as their archive or as
  /// pictures; else from the cache, downloading what is missing.
  static func load(_ options: DatasetOptions) throws(DataError) -> Dataset {
    if let local = try LocalFiles(of: "cifar10", in: options.resolvedDataFolder) {
      let bases = ["", "cifar10/", "CIFAR10/"]
      if let first = local.first(
        of: ([folder + "/"] + bases.map { "\($0)\(folder)/" } + bases).map { $0 + trainingFiles[0] })
      {
        return try prepared(
          folder: (first as NSString).deletingLastPathComponent, cacheFolder: options.downloader.cacheFolder)
      }
      if let found = local.first(of: bases.flatMap { base in ["", ".gz"].map { "\(base)\(archive)\($0)" } }) {
        return try prepared(archive: found, cacheFolder: options.downloader.cacheFolder)
      }
      if let pictures = local.first(of: ["cifar10-images", "cifar10/images"]) {
        var images = ImageOptions()
        images.size = ImageOptions.Size(height: 32, width: 32)
        images.errors = options.images.errors
        return try Dataset(
          images: pictures, name: "cifar10", options: images, cacheFolder: options.downloader.cacheFolder)
      }
    }
    let paths = try options.downloader.fetch(
      [RemoteFile(name: archive, md5: "c32a1d4ab5d03f1284b67883e8d87530")], of: "cifar10",
      from: ["https://www.cs.toronto.edu/~kriz/"])
    return try asDataError { () throws(FileError) in try read(archive: paths[0]) }
  }

  private static func read(folder: String) throws(FileError) -> Dataset {
    func files(_ names: [String]) throws(FileError) -> [Batch] {
      try names.map { name throws(FileError) in
        let path = (folder as NSString).appendingPathComponent(name)
        return Batch(path: path, place: .whole, bytes: try ByteStorage.mapped(path: path))
      }
    }
    return Dataset(
      name: "cifar10", training: try table(try files(trainingFiles)), validation: try table(try files(validationFiles)),
      classNames: classNames)
  }

  private static func read(archive path: String) throws(FileError) -> Dataset {
    var reader = try TarReader(path: path)
    var found: [String: Batch] = [:]
    let wanted = Set(trainingFiles + validationFiles)
    while found.count < wanted.count, let entry = try reader.next() {
      let name = (entry.name as NSString).lastPathComponent
      guard wanted.contains(name) else { continue }
      found[name] = Batch(path: path, place: .part(entry.name), bytes: try reader.contents(of: entry))
    }
    func files(_ names: [String]) throws(FileError) -> [Batch] {
      try names.map { name throws(FileError) in
        guard let file = found[name] else {
          throw FileError(path, "the archive holds no \(name)", remedy: "it must be \(archive).gz as published")
        }
        return file
      }
    }
    return Dataset(
      name: "cifar10", training: try table(try files(trainingFiles)), validation: try table(try files(validationFiles)),
      classNames: classNames)
  }

  /// The data set of a user's archive, unpacked once.
  private static func prepared(archive path: String, cacheFolder: String) throws(DataError) -> Dataset {
    guard path.hasSuffix(".gz") else { return try asDataError { () throws(FileError) in try read(archive: path) } }
    return try prepared("unpacked.data", from: [path], cacheFolder: cacheFolder) { () throws(FileError) in
      try read(archive: path)
    }
  }

  /// The data set of a folder of binary files, whose pixels are laid together once: they can then be read in place.
  private static func prepared(folder: String, cacheFolder: String) throws(DataError) -> Dataset {
    func dataset() throws(FileError) -> Dataset { try read(folder: folder) }
    let paths = (trainingFiles + validationFiles).map { (folder as NSString).appendingPathComponent($0) }
    do throws(DataError) {
      return try prepared("rows.data", from: paths, cacheFolder: cacheFolder, of: dataset)
    } catch {
      // A disk without room for them is no hindrance.
      return try asDataError(dataset)
    }
  }

  private static func prepared(
    _ name: String, from paths: [String], cacheFolder: String, of make: () throws(FileError) -> Dataset
  ) throws(DataError) -> Dataset {
    var fingerprint = Fingerprint("cifar10")
    fingerprint.add(paths.compactMap(FolderListing.file))
    let cache = PreparedFiles(folder: (cacheFolder as NSString).appendingPathComponent("cifar10"))
    return try cache.load(name, fingerprint: fingerprint.digest) { writer throws(FileError) in
      let dataset = try make()
      for (name, table) in [("training", dataset.training), ("validation", dataset.validation)] {
        try writer.write(name) { sink throws(FileError) in
          try table.features.block?.withBytes { bytes throws(FileError) in try sink.write(bytes) }
        }
        try writer.write(name + ".labels", table.labels)
      }
      return [:]
    } read: { file in
      func table(_ name: String) -> Table? {
        guard let features = file.bytes(name), let labels = file.array(name + ".labels", of: Int32.self),
          features.count == labels.count * pixelCount, labels.allSatisfy({ 0..<10 ~= $0 })
        else { return nil }
        return Table(
          count: labels.count, sampleShape: [3, 32, 32], features: .bytes(features), scale: 1 / 255, labels: labels)
      }
      guard let training = table("training"), let validation = table("validation") else { return nil }
      return Dataset(name: "cifar10", training: training, validation: validation, classNames: classNames)
    }
  }

  /// The rows of one file.
  private struct Batch {
    let path: String
    let place: FileError.Place
    let bytes: ByteStorage
  }

  /// The rows of several files, labels apart from pixels.
  private static func table(_ batches: [Batch]) throws(FileError) -> Table {
    let rowSize = 1 + pixelCount
    for batch in batches where batch.bytes.count % rowSize != 0 || batch.bytes.count == 0 {
      throw FileError(
        batch.path, at: batch.place, "\(batch.bytes.count) bytes are not rows of \(rowSize): the file is truncated",
        remedy: "fetch it again")
    }
    var labels: [Int32] = []
    let count = batches.reduce(0) { $0 + $1.bytes.count / rowSize }
    let pixels = try ByteStorage.allocated(byteCount: count * pixelCount) { buffer throws(FileError) in
      for batch in batches {
        try batch.bytes.forEachStretch(of: rowSize) { offset, bytes throws(FileError) in
          for row in 0..<bytes.count / rowSize {
            let label = bytes[row * rowSize]
            guard label < classNames.count else {
              throw FileError(
                batch.path, at: batch.place,
                "row \(offset / rowSize + row) has the label \(label), which is not below \(classNames.count)"
              )
            }
            UnsafeMutableRawBufferPointer(rebasing: buffer[labels.count * pixelCount..<(labels.count + 1) * pixelCount])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[row * rowSize + 1..<(row + 1) * rowSize]))
            labels.append(Int32(label))
          }
        }
      }
    }
    return Table(count: count, sampleShape: [3, 32, 32], features: .bytes(pixels), scale: 1 / 255, labels: labels)
  }
}
