extension String {
    /// The text with another one for each scalar that is `mark`.
    ///
    /// What is quoted for somebody else goes this way: to Swift a quote and an accent after it are one character, which
    /// `replacing` and `split` take for no quote, and to everybody else the quote ends what it began.
    package func replacing(each mark: Unicode.Scalar, with text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar == mark { result.append(contentsOf: text.unicodeScalars) } else { result.append(scalar) }
        }
        return String(result)
    }
}
