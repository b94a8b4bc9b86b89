import ApusFormats
import Dispatch
import Synchronization

/// Counts the words of many texts on all cores.
struct BagOfWords {
  /// A text: a file, or a part of an archive in memory.
  enum Text {
    case file(String)
    case bytes(ByteStorage)
  }

  /// The words of one chunk of texts, numbered as they came.
  private struct Chunk {
    var words: [String] = []
    /// How often each word occurs in the chunk.
    var counts: [Int] = []
    /// The entries of all texts of the chunk: a word's number and its count.
    var entries: [(word: Int32, count: Int32)] = []
    /// Where each text's entries end.
    var ends: [Int] = []
  }

  private let chunks: [Chunk]
  private static let chunkSize = 500

  /// Reads and counts.
  ///
  /// - Throws: the error of the first file that cannot be read.
  init(_ texts: [Text]) throws(FileError) {
    let size = BagOfWords.chunkSize
    let results = Mutex<[Int: Result<Chunk, FileError>]>([:])
    let count = (texts.count + size - 1) / size
    DispatchQueue.concurrentPerform(iterations: count) { iteration in
      let part = texts[iteration * size..<min((iteration + 1) * size, texts.count)]
      let result = Result { () throws(FileError) in try BagOfWords.counted(part) }
      results.withLock { $0[iteration] = result }
    }
    let made = results.withLock { $0 }
    var chunks: [Chunk] = []
    for iteration in 0..<count { if let chunk = try made[iteration]?.get() { chunks.append(chunk) } }
    self.chunks = chunks
  }

  private static func counted(_ texts: ArraySlice<Text>) throws(FileError) -> Chunk {
    var chunk = Chunk()
    var numbers: [String: Int32] = [:]
    let buffer = FileBuffer()
    // The count of each word in the text at hand; and the words that have one.
    var counts: [Int32] = []
    var present: [Int32] = []
    for text in texts {
      func count(_ bytes: UnsafeRawBufferPointer) {
        WordScanner.forEachWord(in: bytes) { word in
          let number: Int32
          if let known = numbers[word] {
            number = known
          } else {
            number = Int32(chunk.words.count)
            numbers[word] = number
            chunk.words.append(word)
            chunk.counts.append(0)
            counts.append(0)
          }
          if counts[Int(number)] == 0 { present.append(number) }
          counts[Int(number)] += 1
        }
      }
      switch text {
      case .file(let path): try buffer.read(path) { bytes throws(FileError) in count(bytes) }
      case .bytes(let storage): storage.withBytes(count)
      }
      for number in present {
        chunk.entries.append((number, counts[Int(number)]))
        chunk.counts[Int(number)] += Int(counts[Int(number)])
        counts[Int(number)] = 0
      }
      present.removeAll(keepingCapacity: true)
      chunk.ends.append(chunk.entries.count)
    }
    return chunk
  }

  /// The words that occur most often, the most frequent first; equally frequent ones by spelling.
  func mostFrequent(_ maximum: Int) -> [String] {
    var totals: [String: Int] = [:]
    for chunk in chunks { for (word, count) in zip(chunk.words, chunk.counts) { totals[word, default: 0] += count } }
    let sorted = totals.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return sorted.prefix(maximum).map(\.key)
  }

  /// A row per text and a column per word.
  func rows(of words: [String], features: ReviewOptions.Features) -> SparseRows? {
    let places = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, Int32($0)) })
    var starts: [Int32] = [0]
    var columns: [Int32] = []
    var values: [Float] = []
    for chunk in chunks {
      let place = chunk.words.map { places[$0] ?? -1 }
      var start = 0
      for end in chunk.ends {
        let row = chunk.entries[start..<end].lazy.map { (column: place[Int($0.word)], count: $0.count) }
          .filter { $0.column >= 0 }.sorted { $0.column < $1.column }
        columns += row.lazy.map(\.column)
        values += row.lazy.map { features == .presence ? 1 : Float($0.count) }
        starts.append(Int32(columns.count))
        start = end
      }
    }
    return SparseRows(columnCount: words.count, rowStarts: starts, columns: columns, values: values)
  }
}
