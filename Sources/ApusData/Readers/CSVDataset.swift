import ApusExpression
import ApusFormats

extension Dataset {
  /// The rows of a CSV file, split at random into training and validation rows; each keeps the file's order.
  ///
  /// - Throws: `DataError` that names the line and the column of what is wrong.
  public init(csv path: String, options: CSVOptions = CSVOptions()) throws(DataError) {
    let options = try options.validated()
    let rows = try asDataError { () throws(FileError) in
      try CSVRows(path: path, separator: options.separator, header: options.header) {
        names, _ throws(FileError) in try Dataset.layout(names, labelColumn: options.labelColumn, path: path)
      }
    }
    let (training, validation) = Dataset.split(
      count: rows.count, validationFraction: options.validationFraction, seed: options.seed)
    guard !training.isEmpty, !validation.isEmpty else {
      throw .file(
        FileError(
          path, "\(rows.count) rows cannot be split into training and \(options.validationFraction) validation"))
    }
    let classNames = Dataset.classNames(of: rows.labels)
    guard classNames.count >= 2 else {
      throw .file(FileError(path, "every label is \"\(rows.labels[0])\"", remedy: "there must be two classes or more"))
    }
    let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, Int32($0)) })
    let labels = rows.labels.map { numbers[$0] ?? 0 }
    let layout = rows.layout
    let schema = CSVSchema(
      featureNames: layout.features.map { layout.names[$0] }, labelName: layout.names[layout.label ?? 0],
      labelIndex: layout.label ?? 0, classNames: classNames, separator: options.separator,
      standardization: options.standardizes
        ? Dataset.standardization(of: training, in: rows.values, width: layout.features.count) : [])
    self.init(
      name: "csv:\(path)", training: schema.table(rows: training, of: rows.values, labels: labels),
      validation: schema.table(rows: validation, of: rows.values, labels: labels), classNames: classNames,
      schema: schema)
  }

  private static func layout(
    _ names: [String], labelColumn: String?, path: String
  ) throws(FileError) -> CSVRows.Layout {
    guard names.count >= 2 else {
      throw FileError(path, at: .line(1), "one column only", remedy: "a label and at least one feature are needed")
    }
    let label: Int
    if let labelColumn {
      guard let index = names.firstIndex(of: labelColumn) else {
        throw FileError(
          path, at: .line(1), "there is no column \"\(labelColumn)\"",
          remedy: "the columns are \(names.prefix(20).joined(separator: ", "))")
      }
      label = index
    } else {
      label = names.count - 1
    }
    return CSVRows.Layout(names: names, features: names.indices.filter { $0 != label }, label: label)
  }

  private static func classNames(of labels: [String]) -> [String] {
    let names = Array(Set(labels))
    let numbers = Dictionary(uniqueKeysWithValues: names.map { ($0, Double($0)) })
    if numbers.values.allSatisfy({ $0 != nil }) {
      return names.sorted { (numbers[$0].flatMap(\.self) ?? 0, $0) < (numbers[$1].flatMap(\.self) ?? 0, $1) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The Philox stream that draws the validation rows.
  private static let splitStream: UInt32 = 0x5350_4C54

  static func split(count: Int, validationFraction: Double, seed: UInt64) -> (training: [Int], validation: [Int]) {
    let order = Philox(seed: seed).permutation(count: count, step: 0, stream: splitStream)
    let validationCount = Int((Double(count) * validationFraction).rounded())
    return (
      order[validationCount...].map(Int.init).sorted(), order[..<validationCount].map(Int.init).sorted()
    )
  }

  private static func standardization(
    of rows: [Int], in values: [Double], width: Int
  ) -> [CSVSchema.Standardization] {
    (0..<width).map { column in
      let mean = rows.reduce(0) { $0 + values[$1 * width + column] } / Double(rows.count)
      let variance =
        rows.reduce(0) { sum, row in
          let difference = values[row * width + column] - mean
          return sum + difference * difference
        } / Double(rows.count)
      // A constant column's computed variance may be a rounding error above zero.
      let isConstant = variance.squareRoot() <= abs(mean) * 1e-12
      return CSVSchema.Standardization(mean: mean, deviation: isConstant ? 1 : variance.squareRoot())
    }
  }
}

extension Table {
  /// Rows to predict on or to evaluate, read as `schema` says.
  ///
  /// Columns are found by name where the file has a header; other columns are passed over and the label column
  /// may be absent. Without a header the columns must be those that were trained on, with or without the label.
  ///
  /// - Throws: `DataError` that names the line and the column of what is wrong, among that a label that is none
  ///   of the schema's classes.
  public init(csv path: String, schema: CSVSchema, header: CSVOptions.Header = .detected) throws(DataError) {
    let rows = try asDataError { () throws(FileError) in
      try CSVRows(path: path, separator: schema.separator, header: header) { names, hasHeader throws(FileError) in
        try hasHeader
          ? Table.namedLayout(names, schema: schema, path: path)
          : Table.unnamedLayout(names, schema: schema, path: path)
      }
    }
    let numbers = Dictionary(uniqueKeysWithValues: schema.classNames.enumerated().map { ($1, Int32($0)) })
    var labels: [Int32] = []
    for (row, text) in rows.labels.enumerated() {
      guard let label = numbers[text] else {
        throw .file(
          FileError(path, at: .part("row \(row + 1)"), "the label \"\(text)\" is none of the classes trained on"))
      }
      labels.append(label)
    }
    self = schema.table(rows: Array(0..<rows.count), of: rows.values, labels: labels)
  }

  private static func namedLayout(
    _ names: [String], schema: CSVSchema, path: String
  ) throws(FileError) -> CSVRows.Layout {
    var features: [Int] = []
    for name in schema.featureNames {
      guard let index = names.firstIndex(of: name) else {
        throw FileError(path, at: .line(1), "there is no column \"\(name)\", on which the model was trained")
      }
      features.append(index)
    }
    return CSVRows.Layout(names: names, features: features, label: names.firstIndex(of: schema.labelName))
  }

  private static func unnamedLayout(
    _ names: [String], schema: CSVSchema, path: String
  ) throws(FileError) -> CSVRows.Layout {
    let width = schema.featureNames.count
    guard names.count == width || names.count == width + 1 else {
      throw FileError(path, at: .line(1), "\(names.count) columns, the model was trained on \(width)")
    }
    let label = names.count == width ? nil : schema.labelIndex
    return CSVRows.Layout(names: names, features: names.indices.filter { $0 != label }, label: label)
  }
}
