// The conformance suite and the reference that it compares with, which the tests share with `apus check`.
@_exported import ApusConformance
