/// Whether a report is painted; colour only repeats what the symbols say.
package enum Style: Sendable, Hashable {
    case plain, colored
}
