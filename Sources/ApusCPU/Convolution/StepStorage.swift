/// Memory for a plan's lists, which stays where it is as long as this does.
final class StepStorage {
  private var lists: [UnsafeMutableRawPointer] = []

  deinit { for list in lists { list.deallocate() } }

  func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
    let list = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
    for (index, element) in elements.enumerated() { (list + index).initialize(to: element) }
    lists.append(UnsafeMutableRawPointer(list))
    return UnsafePointer(list)
  }
}
