import SystemPackage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The few questions that are asked of the file system.
enum FileAccess {
    enum Kind { case file, folder, other }

    /// The reason of the last failure in the system's own words.
    static var lastError: String { Errno(rawValue: errno).description.lowercased() }

    /// Absolute, without links or dots; nil where it does not exist or cannot be looked at.
    static func resolved(_ path: FilePath) -> FilePath? {
        guard let real = path.withPlatformString({ realpath($0, nil) }) else { return nil }
        defer { free(real) }
        return FilePath(platformString: real)
    }

    /// What stands there, links followed.
    static func kind(of path: FilePath) -> Kind? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    static func names(in folder: FilePath) -> [String]? {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// What a file holds, cut at the limit.
    static func contents(of path: FilePath, limit: Int) -> [UInt8]? {
        // Without waiting, should the file have become a pipe since it was looked at.
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else {
            return nil
        }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let wanted = min(chunk.count, limit - bytes.count)
            guard let count = try? chunk.withUnsafeMutableBytes({ try file.read(into: .init(rebasing: $0[..<wanted])) })
            else { return nil }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
