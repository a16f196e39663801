internal import Glibc
internal import SystemPackage

/// A folder of a test, removed with everything in it.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Makes it in the folder `parent`: in memory, where there is some, unless told.
    package init(in parent: String = TestServer.parent) throws {
        var template = Array("\(parent)/rcl-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The servers' user is to get to what lies in it: backups that cannot be proved here are proved on a disk, and
        // far slower.
        chmod(path, 0o711)
    }

    deinit { Files.remove(path) }

    package func write(_ text: String, to name: String) throws {
        var folder = path
        for component in name.split(separator: "/").dropLast() {
            folder += "/\(component)"
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        }
        try Files.write(text, to: "\(path)/\(name)")
    }
}

/// Files as whole texts, for tests.
package enum Files {
    /// The file's bytes; nil where it cannot be read.
    package static func bytes(_ path: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { buffer.deallocate() }
        while let count = try? file.read(into: buffer) {
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer.prefix(count))
        }
        return nil
    }

    package static func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    package static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    package static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor.open(
            FilePath(path),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead]
        )
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    /// Names in a folder, sorted; nil where it is none.
    package static func names(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Every file below a folder, as paths relative to it, sorted.
    package static func all(below folder: String) -> [String] {
        (names(in: folder) ?? []).flatMap { name in
            names(in: "\(folder)/\(name)") == nil ? [name] : all(below: "\(folder)/\(name)").map { "\(name)/\($0)" }
        }
    }

    package static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in names(in: path) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
