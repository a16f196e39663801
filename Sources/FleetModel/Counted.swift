/// A number with the word for so many: `1 database`, `3 databases`.
package func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
