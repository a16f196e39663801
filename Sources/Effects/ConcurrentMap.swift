extension Collection where Element: Sendable {
    /// Transforms every element, at most `limit` at a time, and keeps their order.
    package func concurrentMap<Result: Sendable>(
        limit: Int,
        _ transform: @escaping @Sendable (Element) async -> Result
    ) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var results: [Int: Result] = [:]
            var waiting = self.enumerated().makeIterator()
            for _ in 0..<Swift.max(1, limit) {
                guard let (index, element) = waiting.next() else { break }
                group.addTask { (index, await transform(element)) }
            }
            while let (index, result) = await group.next() {
                results[index] = result
                guard let (index, element) = waiting.next() else { continue }
                group.addTask { (index, await transform(element)) }
            }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
