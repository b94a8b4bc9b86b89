import ApusData
import ApusFormats
import ApusTestSupport
import Testing

@Suite("CSV files")
struct CSVTests {
  private static let iris = """
    sepal,petal,species
    5.1,0.2,setosa
    7.0,1.4,versicolor
    6.3,2.5,virginica
    4.9,0.2,setosa
    6.4,1.5,versicolor
    """

  private func load(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) throws -> Dataset {
    try withTemporaryFolder { folder in
      var options = CSVOptions()
      change(&options)
      return try Dataset(csv: try folder.write(text, to: "data.csv"), options: options)
    }
  }

  private func failure(_ text: String, _ change: (inout CSVOptions) -> Void = { _ in }) throws -> String {
    let error = try #require(throws: DataError.self) { try load(text, change) }
    let text = error.description
    return text.firstRange(of: "data.csv").map { String(text[$0.lowerBound...]) } ?? text
  }

  /// All rows of both splits, in the file's order where it can be told from the first feature.
  private func rows(_ dataset: Dataset) -> [[Float]] {
    [dataset.training, dataset.validation].flatMap { table in (0..<table.count).map { table.features(of: $0) } }
      .sorted { $0[0] < $1[0] }
  }

  @Test func readsFeaturesAndClasses() throws {
    let dataset = try load(CSVTests.iris)
    #expect(dataset.classNames == ["setosa", "versicolor", "virginica"])
    #expect(dataset.training.count == 4 && dataset.validation.count == 1)
    #expect(dataset.sampleShape == [2])
    #expect(rows(dataset) == [[4.9, 0.2], [5.1, 0.2], [6.3, 2.5], [6.4, 1.5], [7, 1.4]])
    #expect(dataset.schema?.featureNames == ["sepal", "petal"] && dataset.schema?.labelName == "species")
  }

  @Test func theLabelColumnCanBeNamed() throws {
    let dataset = try load(
      "y,a,b\n1,2,3\n0,4,5\n",
      {
        $0.labelColumn = "y"; $0.validationFraction = 0.5
      })
    #expect(dataset.schema?.featureNames == ["a", "b"])
    #expect(rows(dataset) == [[2, 3], [4, 5]])
    #expect(
      try failure("y,a\n1,2\n", { $0.labelColumn = "z" })
        == "data.csv:1: there is no column \"z\"; the columns are y, a")
  }

  @Test func integerClassesSortByValue() throws {
    let text = (0..<12).map { "\($0),\(11 - $0)\n" }.joined()
    #expect(try load(text).classNames == (0..<12).map(String.init))
    #expect(try load("1,x10\n2,x9\n3,x9\n").classNames == ["x10", "x9"])
  }

  @Test func headersAreDetectedOrStated() throws {
    #expect(try load("1,2,a\n3,4,b\n", { $0.validationFraction = 0.5 }).schema?.featureNames == ["column1", "column2"])
    let numbered = "0,1,label\n1,2,a\n3,4,b\n"
    #expect(
      try load(
        numbered,
        {
          $0.header = .present; $0.validationFraction = 0.5
        }
      ).schema?.featureNames == ["0", "1"])
    #expect(
      try failure("a,b,c\n1,2,x\n", { $0.header = .absent }).contains("data.csv:1: column \"column1\": \"a\" is not"))
  }

  @Test func quotesLineEndsAndBlankLines() throws {
    let text = "\u{FEFF}\"first, \"\"one\"\"\",b,\"la\nbel\"\r\n\"1.5\", 2 ,\"a,b\"\r\n\r\n-3e-2,+4.,\"c \"\"d\"\"\"\r"
    let dataset = try load(text, { $0.validationFraction = 0.5 })
    #expect(dataset.schema?.featureNames == ["first, \"one\"", "b"])
    #expect(dataset.schema?.labelName == "la\nbel")
    #expect(dataset.classNames == ["a,b", "c \"d\""])
    #expect(rows(dataset) == [[-0.03, 4], [1.5, 2]])
    #expect(
      try load(
        "1;2;a\n3;4;b\n",
        {
          $0.separator = ";"; $0.validationFraction = 0.5
        }
      ).sampleShape == [2])
  }

  @Test func gzippedFilesReadTheSame() throws {
    try withTemporaryFolder { folder in
      let gzip = try #require(gzipped(Array(CSVTests.iris.utf8)))
      let path = try folder.write(gzip, to: "iris.csv.gz")
      let dataset = try Dataset.load("csv:" + path)
      #expect(dataset.name == "csv:" + path)
      #expect(dataset.training.count == 4)
    }
  }

  @Test(arguments: [
    ("a,b,y\n1,2,x\n1,x\n", "data.csv:3: a ragged row: 2 fields where 3 are expected"),
    ("a,y\n1,x\n\n2,x,3\n", "data.csv:4: a ragged row: 3 fields where 2 are expected"),
    ("a,y\n1,x\nNaN,z\n", "data.csv:3: column \"a\": the value is NaN; every feature must be a finite number"),
    ("a,y\n1e39,x\n", "data.csv:2: column \"a\": the value is 1e39; every feature must be a finite number"),
    ("a,y\n-inf,x\n", "data.csv:2: column \"a\": the value is -inf; every feature must be a finite number"),
    ("a,y\nabc,x\n", "data.csv:2: column \"a\": \"abc\" is not a number; every feature must be numeric"),
    ("a,y\n0x10,x\n", "data.csv:2: column \"a\": \"0x10\" is not a number; every feature must be numeric"),
    ("a,y\n1.2.3,x\n", "data.csv:2: column \"a\": \"1.2.3\" is not a number; every feature must be numeric"),
    ("a,y\n ,x\n", "data.csv:2: column \"a\": the field is empty; every feature needs a value"),
    ("a,y\n1,\n", "data.csv:2: column \"y\": the label is empty"),
    ("a,y\n\"1\n2\",x\n3,z,\n", "data.csv:2: column \"a\": \"1 2\" is not a number; every feature must be numeric"),
    ("a,y\n1,\"x\n", "data.csv:2: the quote that opens field 2 is never closed"),
    ("a,y\n\"1\"2,x\n", "data.csv:2: something follows the closing quote of field 1"),
    ("", "data.csv: the file is empty"), ("\n\n", "data.csv: holds no rows"),
    ("a,y\n", "data.csv: holds a header and no rows"),
    ("a\n1\n", "data.csv:1: one column only; a label and at least one feature are needed"),
    ("a,a,y\n1,2,x\n", "data.csv:1: two columns are named \"a\""),
    ("a,y\n1,x\n2,x\n3,x\n", "data.csv: every label is \"x\"; there must be two classes or more"),
    ("a,y\n1,x\n", "data.csv: 1 rows cannot be split into training and 0.2 validation"),
  ])
  func refuses(text: String, message: String) throws { #expect(try failure(text) == message) }

  @Test func badOptionsAreRefused() throws {
    #expect(
      try failure(CSVTests.iris, { $0.validationFraction = 1 })
        == "validation fraction: 1.0 is not above 0 and below 1")
    #expect(try failure(CSVTests.iris, { $0.separator = "\"" }).hasPrefix("separator: "))
    let missing = try #require(throws: DataError.self) { try Dataset.load("csv:/no/such.csv") }
    #expect(missing.description == "/no/such.csv: cannot open: No such file or directory")
  }

  @Test func numbersRoundAsTheStandardLibraryDoes() throws {
    let texts = [
      "0.1", "123456789012345", "1234567890.12345", "3.14159265358979323846", "1e-7", "-0.000012345", "1E5", ".5", "7.",
      "16777217.0", "0.30000001192092896",
    ]
    let dataset = try load(texts.enumerated().map { "\($1),\($0 % 2)\n" }.joined())
    #expect(
      rows(dataset).map { $0[0] } == texts.compactMap { Double($0 == "7." ? "7" : $0) }.map { Float($0) }.sorted())
  }

  @Test func standardisesByTheTrainingRows() throws {
    let text = (0..<50).map { "\($0 * $0),5,\(1000 + $0),\($0 % 2)\n" }.joined()
    let dataset = try load(text, { $0.standardizes = true })
    let columns = (0..<3).map { column in (0..<dataset.training.count).map { dataset.training.features(of: $0)[column] }
    }
    for column in [columns[0], columns[2]] {
      let mean = column.reduce(0, +) / 40
      #expect(abs(mean) < 1e-6)
      #expect(abs(column.reduce(0) { $0 + $1 * $1 } / 40 - 1) < 1e-5)
    }
    #expect(columns[1].allSatisfy { $0 == 0 })
    let schema = try #require(dataset.schema)
    #expect(CSVSchema(json: schema.json) == schema)
    let third = schema.standardization[2]
    let last = Float((1049 - third.mean) / third.deviation)
    #expect(rows(dataset).contains { $0[2] == last })
  }

  @Test func theSplitIsDrawnFromTheSeed() throws {
    let text = (0..<100).map { "\($0),\($0 % 3)\n" }.joined()
    func validation(_ seed: UInt64) throws -> [Float] {
      let table = try load(
        text,
        {
          $0.seed = seed; $0.validationFraction = 0.25
        }
      ).validation
      return (0..<table.count).map { table.features(of: $0)[0] }
    }
    let first = try validation(1)
    #expect(first.count == 25 && first == first.sorted())
    #expect(try validation(1) == first)
    #expect(try validation(2) != first)
  }

  @Test func readsRowsToPredict() throws {
    let schema = try #require(try load(CSVTests.iris, { $0.standardizes = true }).schema)
    try withTemporaryFolder { folder in
      func table(_ text: String) throws -> Table {
        try Table(csv: try folder.write(text, to: "rows.csv"), schema: schema)
      }
      let expected = [
        Float((5.1 - schema.standardization[0].mean) / schema.standardization[0].deviation),
        Float((0.2 - schema.standardization[1].mean) / schema.standardization[1].deviation),
      ]
      let reordered = try table("id,species,petal,sepal\nq,virginica,0.2,5.1\n")
      #expect(reordered.features(of: 0) == expected && reordered.labels == [2])
      let bare = try table("5.1,0.2\n")
      #expect(bare.features(of: 0) == expected && bare.labels.isEmpty)
      #expect(try table("5.1,0.2,setosa\n").labels == [0])
      func failure(_ text: String) throws -> String {
        try #require(throws: DataError.self) { try table(text) }.description.replacing(folder.path + "/", with: "")
      }
      #expect(
        try failure("sepal,species\n1,setosa\n")
          == "rows.csv:1: there is no column \"petal\", on which the model was trained")
      #expect(try failure("1,2,3,4\n") == "rows.csv:1: 4 columns, the model was trained on 2")
      #expect(
        try failure("1,2,oak\n") == "rows.csv: row 1: the label \"oak\" is none of the classes trained on")
    }
  }
}
