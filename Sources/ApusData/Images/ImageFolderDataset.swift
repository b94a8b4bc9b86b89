import ApusFormats
import Foundation

extension Dataset {
  /// The pictures of a folder, as bytes `[C, H, W]`: a folder per class, or `train/` and `test/` (also `val/`,
  /// `valid/` or `validation/`) with a folder per class each.
  ///
  /// Pictures are decoded and resized on all cores (`PixelImage.fitted`) and kept decoded in `cacheFolder`, so that
  /// the next run maps them; when a file, its time or an option changes they are decoded again.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - name: the name that the data set goes by; `images:PATH` when nil.
  ///   - cacheFolder: where decoded pictures are kept.
  /// - Throws: `DataError` that names the folder or the picture that is at fault.
  public init(
    images path: String, name: String? = nil, options: ImageOptions = ImageOptions(),
    cacheFolder: String = Downloader.defaultCacheFolder
  ) throws(DataError) {
    let options = try options.validated()
    let folder = try asDataError { () throws(FileError) in try ImageFolder(path: path, options: options) }
    let canonical = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let size = options.size.map(\.description) ?? "first"
    let key = Fingerprint(canonical, size, "\(options.channelCount)").digest
    var fingerprint = Fingerprint(options.errors.rawValue)
    if !folder.isPair { fingerprint.add("\(options.validationFraction) \(options.seed)") }
    fingerprint.add(folder.training.map(\.file))
    fingerprint.add("")
    fingerprint.add(folder.validation.map(\.file))
    let cache = PreparedFiles(folder: (cacheFolder as NSString).appendingPathComponent("images"))
    self = try cache.load("\((canonical as NSString).lastPathComponent)-\(key).data", fingerprint: fingerprint.digest) {
      writer throws(FileError) in
      try folder.prepare(into: writer, path: path, options: options)
    } read: { file in
      Dataset(decoded: file, name: name ?? "images:\(path)", classNames: folder.classNames)
    }
  }

  /// The data set of a file that `prepare` wrote; nil where it is not one.
  private init?(decoded file: PreparedFile, name: String, classNames: [String]) {
    guard let shape = file.details["shape"]?.array?.compactMap(\.integer), shape.count == 3,
      shape.allSatisfy({ 1...65_536 ~= $0 }), let warnings = file.details["warnings"]?.array?.compactMap(\.string)
    else { return nil }
    func table(_ split: String) -> Table? {
      guard let features = file.bytes(split), let labels = file.array(split + ".labels", of: Int32.self),
        features.count == labels.count * shape.reduce(1, *), !labels.isEmpty,
        labels.allSatisfy({ 0..<Int32(classNames.count) ~= $0 })
      else { return nil }
      return Table(count: labels.count, sampleShape: shape, features: .bytes(features), scale: 1 / 255, labels: labels)
    }
    guard let training = table("training"), let validation = table("validation") else { return nil }
    self.init(
      name: name, training: training, validation: validation, classNames: classNames, warnings: warnings)
  }
}

extension ImageFolder {
  /// Decodes every picture; returns their shape and what there is to warn of.
  fileprivate func prepare(
    into writer: PreparedFileWriter, path: String, options: ImageOptions
  ) throws(FileError) -> JSONObject {
    let size =
      if let size = options.size { size } else {
        try PictureDecoding.firstSize(of: training, in: path, errors: options.errors)
      }
    let decoding = PictureDecoding(size: size, channelCount: options.channelCount, errors: options.errors)
    var failures: [FileError] = []
    for (split, pictures) in [("training", training), ("validation", validation)] {
      var outcome = PictureDecoding.Outcome()
      try writer.write(split) { sink throws(FileError) in outcome = try decoding.decode(pictures, into: sink) }
      try writer.write(split + ".labels", outcome.labels)
      failures += outcome.failures
      guard !outcome.labels.isEmpty else {
        throw FileError(path, "none of the \(split) pictures can be read: \(outcome.failures.first?.description ?? "")")
      }
    }
    let count = training.count + validation.count
    let warnings = failures.first.map {
      ["\(path): \(failures.count) of \(count) pictures cannot be read and are left out; the first is \($0)"]
    }
    return [
      "shape": .array([.integer(options.channelCount), .integer(size.height), .integer(size.width)]),
      "warnings": .array((warnings ?? []).map(JSONValue.string)),
    ]
  }
}
