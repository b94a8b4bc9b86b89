import ApusExpression
import ApusFormats
import Foundation

/// The pictures of a folder that holds a folder per class, or `train/` and `test/` which do.
struct ImageFolder {
  /// A picture and its class.
  struct Picture {
    let file: FolderListing.File
    let label: Int32
  }

  /// The classes' names, sorted.
  let classNames: [String]
  /// The pictures to train on, class by class, sorted by path.
  let training: [Picture]
  /// The pictures to validate on, in the same order.
  let validation: [Picture]
  /// Whether the folder itself says which pictures those are.
  let isPair: Bool

  private static let trainingNames = ["train", "training"]
  private static let validationNames = ["test", "val", "valid", "validation"]
  /// Formats that cannot be read are listed too: a picture is not passed over in silence.
  private static let endings: Set = ["jpg", "jpeg", "jpe", "png", "gif", "bmp", "webp", "tif", "tiff"]

  /// Lists a folder's pictures.
  ///
  /// - Throws: `FileError` that names the folder where classes or pictures are missing.
  init(path: String, options: ImageOptions) throws(FileError) {
    let folders = try FolderListing.folders(in: path)
    func place(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }
    // A class may be called "train" too; then its folder holds pictures and no folders.
    var trainingPlace: String?
    for name in ImageFolder.trainingNames where folders.contains(name) && trainingPlace == nil {
      if try !FolderListing.folders(in: place(name)).isEmpty { trainingPlace = place(name) }
    }
    if let trainingPlace {
      guard let validationName = ImageFolder.validationNames.first(where: folders.contains) else {
        throw FileError(
          path, "has \((trainingPlace as NSString).lastPathComponent)/ but no test/, val/ or validation/",
          remedy: "add it, or name the folder with the classes' folders")
      }
      let first = try ImageFolder.classes(in: trainingPlace)
      let second = try ImageFolder.classes(in: place(validationName))
      for (one, other, folder) in [(first, second, place(validationName)), (second, first, trainingPlace)] {
        if let missing = one.first(where: { pair in !other.contains { $0.name == pair.name } }) {
          throw FileError(folder, "there is no folder \"\(missing.name)\", which the other part has")
        }
      }
      self.init(classes: first.map(\.name), training: first.map(\.files), validation: second.map(\.files), isPair: true)
    } else {
      let classes = try ImageFolder.classes(in: path)
      let parts = classes.enumerated().map { label, pair in
        ImageFolder.split(pair.files, label: label, options: options)
      }
      guard parts.contains(where: { !$0.validation.isEmpty }) else {
        throw FileError(
          path, "no class has pictures enough to keep \(options.validationFraction) of them for validation",
          remedy: "set images-validation, or make train/ and test/ folders")
      }
      self.init(
        classes: classes.map(\.name), training: parts.map(\.training), validation: parts.map(\.validation),
        isPair: false)
    }
  }

  private init(
    classes: [String], training: [[FolderListing.File]], validation: [[FolderListing.File]], isPair: Bool
  ) {
    func labelled(_ files: [[FolderListing.File]]) -> [Picture] {
      files.enumerated().flatMap { label, files in files.map { Picture(file: $0, label: Int32(label)) } }
    }
    classNames = classes
    self.training = labelled(training)
    self.validation = labelled(validation)
    self.isPair = isPair
  }

  private static func classes(in path: String) throws(FileError) -> [(name: String, files: [FolderListing.File])] {
    let names = try FolderListing.folders(in: path)
    guard names.count >= 2 else {
      throw FileError(
        path, names.isEmpty ? "there are no folders here" : "there is one folder only, \"\(names[0])\"",
        remedy: "a folder per class is needed, and two classes or more")
    }
    var classes: [(name: String, files: [FolderListing.File])] = []
    for name in names {
      let place = (path as NSString).appendingPathComponent(name)
      let files = try FolderListing.files(below: place, endings: endings)
      guard !files.isEmpty else {
        throw FileError(place, "there are no pictures here", remedy: "JPEG and PNG are read")
      }
      classes.append((name, files))
    }
    return classes
  }

  /// The Philox stream that draws the validation pictures; the step is the class.
  private static let splitStream: UInt32 = 0x494D_4753

  private static func split(
    _ files: [FolderListing.File], label: Int, options: ImageOptions
  ) -> (training: [FolderListing.File], validation: [FolderListing.File]) {
    let count = min(Int((Double(files.count) * options.validationFraction).rounded()), files.count - 1)
    let order = Philox(seed: options.seed).permutation(count: files.count, step: UInt32(label), stream: splitStream)
    return (order[count...].sorted().map { files[Int($0)] }, order[..<count].sorted().map { files[Int($0)] })
  }
}
