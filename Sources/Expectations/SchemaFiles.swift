#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Files that say what the code expects, looked at without following links: what they lead to may be outside the root.
enum SchemaFiles {
    struct Fault: Error {
        var reason: String
    }

    static let sqlLimit = 16 << 20
    static let definitionLimit = 4 << 20
    /// More files than a schema has; fewer than a folder named by mistake.
    private static let mostFiles = 1000
    private static let deepest = 8

    static func relative(_ path: String, to root: String) -> String {
        path.utf8.starts(with: (root + "/").utf8) ? String(Substring(path.utf8.dropFirst(root.utf8.count + 1))) : path
    }

    static func read(_ path: String, limit: Int) -> Result<[UInt8], Fault> {
        // Without O_NONBLOCK the opening of a pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(last) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(last) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .failure(Fault(reason: "it is not a regular file")) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Self.take(descriptor, &buffer)
            guard count >= 0 else { return .failure(last) }
            if count == 0 { return .success(bytes) }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { return .failure(Fault(reason: "it has more than \(limit >> 20) MB")) }
        }
    }

    private static func take(_ descriptor: CInt, _ buffer: inout [UInt8]) -> Int {
        #if canImport(Glibc)
        Glibc.read(descriptor, &buffer, buffer.count)
        #elseif canImport(Musl)
        Musl.read(descriptor, &buffer, buffer.count)
        #else
        Darwin.read(descriptor, &buffer, buffer.count)
        #endif
    }

    /// The file itself, or the TypeScript below a folder in the order of the paths; tests and declarations left out.
    static func definitions(at path: String) -> Result<[String], Fault> {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .failure(last) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return .success([path]) }
        var found: [String] = []
        var waiting = [(path: path, depth: 0)]
        while let folder = waiting.popLast() {
            guard let names = names(in: folder.path) else { return .failure(last) }
            for name in names where !name.hasPrefix(".") && name != "node_modules" {
                let entry = "\(folder.path)/\(name)"
                guard lstat(entry, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR, folder.depth < deepest {
                    waiting.append((entry, folder.depth + 1))
                } else if status.st_mode & S_IFMT == S_IFREG, isDefinition(name) {
                    found.append(entry)
                }
            }
            guard found.count <= mostFiles else {
                return .failure(Fault(reason: "there are more than \(mostFiles) files of TypeScript in it"))
            }
        }
        guard !found.isEmpty else { return .failure(Fault(reason: "there is no file of TypeScript in it")) }
        return .success(found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    private static func isDefinition(_ name: String) -> Bool {
        [".ts", ".mts", ".cts"].contains { name.hasSuffix($0) }
            && ![".d.ts", ".d.mts", ".d.cts", ".test.ts", ".spec.ts"].contains { name.hasSuffix($0) }
    }

    private static func names(in path: String) -> [String]? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            )
        }
        return names
    }

    private static var last: Fault { Fault(reason: String(cString: strerror(errno))) }
}
