/// Words as a shell on the other side takes them: each in single quotes, in which nothing has a meaning.
///
/// Good for every POSIX shell and for csh; see
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02>.
enum ShellWords {
    static func quoted(_ words: [String]) -> String {
        words.map { word in "'\(word.replacing("'", with: #"'\''"#))'" }.joined(separator: " ")
    }

    /// A word that ends where a program's argument would: what follows a NUL is lost.
    static func hasNUL(_ words: [String]) -> Bool { words.contains { $0.utf8.contains(0) } }
}
