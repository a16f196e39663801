internal import FleetModel
internal import Glibc

/// Where something can be in a file.
struct Places {
    private let file: String
    private let lines: Int
    private let longest: Int

    init(of bytes: [UInt8], file: String) {
        self.file = file
        // What any reader may hold for the end of a line, so that no number is too small.
        let breaks = String(decoding: bytes, as: UTF8.self).unicodeScalars.count { scalar in
            [0x0A, 0x0D, 0x85, 0x2028, 0x2029].contains(scalar.value)
        }
        lines = breaks + 1
        // What is missing at the end is marked behind the last character.
        longest = bytes.count + 2
    }

    /// Of faults said to be in the file, the first that cannot be where it is said to be.
    func violation(by diagnostics: [Diagnostic]) -> String? {
        for diagnostic in diagnostics where diagnostic.range?.file == file {
            guard let range = diagnostic.range else { continue }
            for place in [range.start, range.end]
            where !(1...lines).contains(place.line) || !(1...longest).contains(place.column) {
                return "\(place.line):\(place.column) is outside the file: \(diagnostic.message)"
            }
            if range.end < range.start { return "ends before it begins: \(diagnostic.message)" }
        }
        // Of a file that is read at all a fault has a place.
        return diagnostics.first { $0.range == nil }.map { "nowhere: \($0.message)" }
    }
}

/// A folder whose files are overwritten again and again.
struct FuzzFolder {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    func write(_ bytes: [UInt8], to name: String) {
        let path = "\(path)/\(name)"
        var descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            var folder = self.path
            for part in name.split(separator: "/").dropLast() {
                folder += "/\(part)"
                mkdir(folder, 0o700)
            }
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        precondition(descriptor >= 0, "\(path) cannot be written")
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }
}
