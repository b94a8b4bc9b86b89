import ApusFormats
import Foundation
import Synchronization

/// A data set of the MNIST family: four IDX files of fixed names, found in a folder or downloaded.
struct MNIST: Sendable {
  /// The name of the data set.
  let name: String
  /// The folders, below the one that the user names, where its files may lie.
  let folders: [String]
  /// The names of the ten classes.
  let classNames: [String]
  /// Where the files can be fetched from; each address ends in a slash.
  let mirrors: [String]
  /// The MD5 sums of the gzipped files as published, in the order of `stems`.
  let checksums: [String]

  /// The files' names without their endings: training images and labels, then test images and labels.
  static let stems = [("train-images", 3), ("train-labels", 1), ("t10k-images", 3), ("t10k-labels", 1)]

  static let digits = MNIST(
    name: "mnist", folders: ["mnist", "MNIST/raw", "MNIST", ""], classNames: (0..<10).map(String.init),
    mirrors: [
      "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    checksums: [
      "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432", "9fb629c4189551a2d022fa330f9573f3",
      "ec29112dd5afa0611ce80d1b7f02629c",
    ])

  static let fashion = MNIST(
    name: "fashion-mnist", folders: ["fashion-mnist", "FashionMNIST/raw", "fashion", ""],
    classNames: [
      "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ],
    mirrors: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    checksums: [
      "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe", "bef4ecab320f06d8554ea6380940ec79",
      "bb300cfdad3c16e7a12a480ee83cd310",
    ])

  /// Reads the data set from `dataFolder` where its files are there, else from the cache, downloading what is
  /// missing.
  func load(dataFolder: String?, downloader: Downloader) throws(DataError) -> Dataset {
    let local = try localFiles(in: dataFolder)
    let paths = if let local { local } else { try download(with: downloader) }
    return try asDataError { () throws(FileError) in try read(paths) }
  }

  /// The four files below a folder, or nil when none of them is there.
  private func localFiles(in folder: String?) throws(DataError) -> [String]? {
    guard let local = try LocalFiles(of: name, in: folder) else { return nil }
    for place in folders.map(local.subfolder) {
      let found = MNIST.stems.map { MNIST.find(stem: $0.0, dimensions: $0.1, in: place) }
      if found.allSatisfy({ $0 == nil }) { continue }
      if let missing = zip(MNIST.stems, found).first(where: { $0.1 == nil }) {
        let file = (place as NSString).appendingPathComponent(MNIST.fileName(missing.0) + ".gz")
        throw .file(FileError(file, "missing, while other files of \(name) are there"))
      }
      return found.compactMap(\.self)
    }
    return nil
  }

  private static func fileName(_ stem: (String, Int)) -> String { "\(stem.0)-idx\(stem.1)-ubyte" }

  private static func find(stem: String, dimensions: Int, in folder: String) -> String? {
    let names = ["-", "."].flatMap { separator in
      ["", ".gz"].map { "\(stem)\(separator)idx\(dimensions)-ubyte\($0)" }
    }
    return names.map { (folder as NSString).appendingPathComponent($0) }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  private func download(with downloader: Downloader) throws(DataError) -> [String] {
    let files = zip(MNIST.stems, checksums).map { stem, checksum in
      RemoteFile(name: MNIST.fileName(stem), md5: checksum)
    }
    return try downloader.fetch(files, of: name, from: mirrors)
  }

  private func read(_ paths: [String]) throws(FileError) -> Dataset {
    // Decompressing takes most of the time, so the two splits are read side by side.
    let unread = Result<Table, FileError>.failure(FileError(paths[0], "not read"))
    let splits = Mutex([unread, unread])
    DispatchQueue.concurrentPerform(iterations: 2) { split in
      let result = Result { () throws(FileError) in
        try Table(images: paths[2 * split], labels: paths[2 * split + 1], classCount: classNames.count)
      }
      splits.withLock { $0[split] = result }
    }
    let results = splits.withLock { $0 }
    let (training, validation) = (try results[0].get(), try results[1].get())
    guard training.sampleShape == validation.sampleShape else {
      throw FileError(
        paths[2], "images of shape \(validation.sampleShape), those of \(paths[0]) are \(training.sampleShape)")
    }
    return Dataset(name: name, training: training, validation: validation, classNames: classNames)
  }
}
