import SystemPackage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A folder of its own for a test that needs files git or some file systems cannot keep.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/reconcile-migrations-XXXXXX\0".utf8CString.dropLast())
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.discard(path) }

    private static func discard(_ path: String) {
        // `remove` takes files, links and empty folders, so only a folder with something in it is left.
        if remove(path) == 0 { return }
        for name in names(in: path) { discard("\(path)/\(name)") }
        remove(path)
    }

    func folder(_ name: String) throws {
        guard mkdir("\(path)/\(name)", 0o700) == 0 else { throw Errno(rawValue: errno) }
    }

    func file(_ name: String, _ text: String = "SELECT 1;\n") throws {
        try write(Array(text.utf8), to: "\(path)/\(name)")
    }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, "\(path)/\(name)") == 0 else { throw Errno(rawValue: errno) }
    }

    func pipe(_ name: String) throws {
        guard mkfifo("\(path)/\(name)", 0o600) == 0 else { throw Errno(rawValue: errno) }
    }

    /// A file of this length that takes no space.
    func hole(_ name: String, length: Int) throws {
        try file(name, "")
        guard truncate("\(path)/\(name)", off_t(length)) == 0 else { throw Errno(rawValue: errno) }
    }
}

/// Reads a file as it is; nil where there is none.
func contents(of path: String) -> String? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
    defer { try? file.close() }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
        bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
}

func write(_ bytes: [UInt8], to path: String) throws {
    let file = try FileDescriptor.open(
        FilePath(path),
        .writeOnly,
        options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
    )
    try file.closeAfter { _ = try file.writeAll(bytes) }
}

/// The names in a folder, sorted.
func names(in path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
