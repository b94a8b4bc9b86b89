/// A JSON value whose objects keep their order.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// A single-precision number, written with the fewest digits that give back the same `Float`.
  public static func number(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }

  /// The text of a string.
  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// A whole number.
  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

  /// A number, whole or not; the strings that stand for non-finite numbers count as such.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }

  /// The elements of an array.
  public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

  /// The members of an object.
  public var object: JSONObject? { if case .object(let members) = self { members } else { nil } }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

/// The members of a JSON object, in order, each key once.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  /// The keys in order.
  public private(set) var keys: [String] = []
  private var values: [String: JSONValue] = [:]

  /// An object without members.
  public init() {}

  /// An object of the members given; a repeated key keeps its first place and its last value.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { self[key] = value }
  }

  /// A member's value; setting nil removes it.
  public subscript(key: String) -> JSONValue? {
    get { values[key] }
    set {
      switch (values.updateOrRemove(newValue, forKey: key), newValue) {
      case (nil, .some): keys.append(key)
      case (.some, nil): keys.removeAll { $0 == key }
      default: break
      }
    }
  }
}

extension Dictionary {
  /// Sets or removes a value and returns the one before.
  fileprivate mutating func updateOrRemove(_ value: Value?, forKey key: Key) -> Value? {
    if let value { updateValue(value, forKey: key) } else { removeValue(forKey: key) }
  }
}
