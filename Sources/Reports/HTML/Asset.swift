internal import FleetModel

/// The page's style or its script: files of ours, the same in every page, and nothing of them made from data.
struct Asset: Sendable {
    let text: String

    private init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    static let style = Asset(PackageResources.page_css)
    static let script = Asset(PackageResources.page_js)

    /// As a content security policy names it: <https://www.w3.org/TR/CSP3/#framework-directive-source-list>.
    var source: String { "'sha256-\(Self.base64(Fingerprint(of: text).bytes))'" }

    /// What a browser may do with the page: use this style and this script, and nothing else.
    static let contentSecurityPolicy = [
        "default-src 'none'", "style-src \(style.source)", "script-src \(script.source)", "base-uri 'none'",
        "form-action 'none'",
    ].joined(separator: "; ")

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let three = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
            let bits = three[0] << 16 | three[1] << 8 | three[2]
            for place in 0..<4 {
                // As many digits as there are bytes, and one.
                let isFilled = start + place <= bytes.count
                text.append(isFilled ? digits[bits >> (18 - 6 * place) & 63] : "=")
            }
        }
        return text
    }
}
