/// How much of what is alike a reader is shown.
package enum Detail: Sendable {
    /// What is alike is folded, long statements are cut: a fleet of any size fits a screen or two.
    case folded
    /// Every database, every difference, every statement whole, every lock.
    case whole
}

/// From more databases than this on what is alike is folded; so many lines are still read one by one.
let mostUnfolded = 24
/// So many that are alike are rather listed than folded.
let mostListed = 3
