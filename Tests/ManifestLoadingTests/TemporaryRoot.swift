import SystemPackage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A root folder of a test, removed with everything in it.
final class TemporaryRoot {
    let path: FilePath

    init(_ files: [String: String] = [:]) throws {
        var template = Array("/tmp/reconcile-manifests-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template) else { throw Errno(rawValue: errno) }
        path = FilePath(platformString: created)
        for (name, text) in files { try write(Array(text.utf8), to: name) }
    }

    deinit { Self.remove(path) }

    func write(_ bytes: [UInt8], to name: String) throws {
        try makeFolder(FilePath(name).removingLastComponent().string)
        let file = try FileDescriptor.open(
            path.appending(name),
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    func makeFolder(_ name: String) throws {
        var folder = path
        for component in FilePath(name).components {
            folder.append(component)
            if mkdir(folder.string, 0o700) != 0 && errno != EEXIST { throw Errno(rawValue: errno) }
        }
    }

    func link(_ name: String, to target: String) throws {
        try makeFolder(FilePath(name).removingLastComponent().string)
        if symlink(target, path.appending(name).string) != 0 { throw Errno(rawValue: errno) }
    }

    func makePipe(_ name: String) throws {
        if mkfifo(path.appending(name).string, 0o600) != 0 { throw Errno(rawValue: errno) }
    }

    /// Copies a file or a folder with all that is in it.
    func copy(_ source: FilePath, to name: String) throws {
        guard let names = Self.names(in: source) else {
            let file = try FileDescriptor.open(source, .readOnly)
            var bytes = [UInt8](repeating: 0, count: 1_000_000)
            let count = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
            return try write(Array(bytes[..<count]), to: name)
        }
        try makeFolder(name)
        for entry in names { try copy(source.appending(entry), to: name.isEmpty ? entry : "\(name)/\(entry)") }
    }

    static func names(in folder: FilePath) -> [String]? {
        guard let stream = opendir(folder.string) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func remove(_ path: FilePath) {
        if unlink(path.string) == 0 { return }
        for name in names(in: path) ?? [] { remove(path.appending(name)) }
        rmdir(path.string)
    }
}
