internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Why a folder cannot be read.
enum FolderFault: Error, Equatable {
    case missing
    case notAFolder
    /// Its real place is not below the root.
    case outsideRoot
    case unreadable(reason: String)
}

/// Why a file of a folder cannot be read.
enum FileFault: Error, Equatable {
    case missing
    case link
    case notAFile
    case tooLarge(limit: Int)
    case unreadable(reason: String)
}

/// One folder held open, so that everything is read from below it whatever happens to its path.
struct FolderReader: ~Copyable {
    struct Entry: Equatable {
        enum Kind { case file, folder, link, other }

        var name: String
        var kind: Kind
    }

    /// More than any real migration; a server takes a statement of at most 1 GB.
    static let sizeLimit = 16 << 20

    /// Relative to the root, for diagnostics.
    let path: String
    private let descriptor: FileDescriptor

    /// Opens a folder whose real path, all links followed, lies below the root's.
    static func open(_ folder: String, root: String) throws(FolderFault) -> FolderReader {
        let realRoot = try realPath(root)
        let realFolder = try realPath(folder)
        let below = realRoot == "/" ? realRoot : realRoot + "/"
        guard realFolder == realRoot || realFolder.utf8.starts(with: below.utf8) else { throw .outsideRoot }
        let path = realFolder == realRoot ? "." : String(Substring(realFolder.utf8.dropFirst(below.utf8.count)))
        do throws(Errno) {
            // Every component again without links: what the real path named may have been replaced since.
            return FolderReader(path: path, descriptor: try walk(to: path, from: openNext(realRoot, in: AT_FDCWD)))
        } catch .notDirectory {
            throw .notAFolder
        } catch {
            throw .unreadable(reason: error.description)
        }
    }

    private init(path: String, descriptor: FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// A file's path relative to the root.
    func pathFromRoot(_ name: String) -> String { path == "." ? name : "\(path)/\(name)" }

    /// Everything directly in this folder, or in one below it, in the order of the names' bytes; names that are not UTF-8
    /// come mended, and no link on the way is followed.
    func entries(in folder: String = ".") throws(FolderFault) -> [Entry] {
        let copy: Int32
        do throws(Errno) {
            let below = try Self.walk(to: folder, from: Self.openNext(".", in: descriptor.rawValue))
            copy = dup(below.rawValue)
            try? below.close()
        } catch {
            throw .unreadable(reason: error.description)
        }
        guard copy >= 0 else { throw .unreadable(reason: Errno(rawValue: errno).description) }
        guard let stream = fdopendir(copy) else {
            close(copy)
            throw .unreadable(reason: Errno(rawValue: errno).description)
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            entries.append(Entry(name: name, kind: kind(of: folder == "." ? name : "\(folder)/\(name)") ?? .other))
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// What stands at a path below this folder; nil where nothing does.
    func kind(of name: String) -> Entry.Kind? {
        var status = stat()
        guard fstatat(descriptor.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        default: return .other
        }
    }

    /// Whether a link at a path below this folder leads to a folder, wherever that may be.
    func leadsToFolder(_ name: String) -> Bool {
        var status = stat()
        return fstatat(descriptor.rawValue, name, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a regular file stands at a path below this folder.
    func hasFile(_ name: String) -> Bool { kind(of: name) == .file }

    /// The bytes of a regular file below this folder; no link on the way is followed.
    func read(_ name: String, limit: Int = sizeLimit) throws(FileFault) -> [UInt8] {
        let components = name.split(separator: "/").map(String.init)
        do {
            let folder = try Self.walk(
                to: components.dropLast().joined(separator: "/"),
                from: descriptor.duplicate()
            )
            defer { try? folder.close() }
            // Without O_NONBLOCK the opening of a pipe would wait for its writer.
            let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
            let file = FileDescriptor(rawValue: openat(folder.rawValue, components.last ?? "", flags))
            guard file.rawValue >= 0 else { throw Errno(rawValue: errno) }
            defer { try? file.close() }
            return try Self.contents(of: file, limit: limit)
        } catch let fault as FileFault {
            throw fault
        } catch let error as Errno {
            switch error {
            case .noSuchFileOrDirectory: throw .missing
            // A link to a folder is none, either, where links are not followed.
            case .tooManySymbolicLinkLevels, .notDirectory: throw .link
            default: throw .unreadable(reason: error.description)
            }
        } catch {
            throw .unreadable(reason: "\(error)")
        }
    }

    private static func contents(of file: FileDescriptor, limit: Int) throws -> [UInt8] {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFault.notAFile }
        guard status.st_size <= limit else { throw FileFault.tooLarge(limit: limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size))
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            // It may have grown since it was measured.
            guard bytes.count <= limit else { throw FileFault.tooLarge(limit: limit) }
        }
    }

    private static func openNext(_ folder: String, in parent: Int32) throws(Errno) -> FileDescriptor {
        let opened = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: opened)
    }

    /// Goes down folder by folder and closes the one it started from.
    private static func walk(to path: String, from start: FileDescriptor) throws(Errno) -> FileDescriptor {
        var current = start
        for component in path.split(separator: "/") where component != "." {
            let previous = current
            defer { try? previous.close() }
            current = try openNext(String(component), in: previous.rawValue)
        }
        return current
    }

    private static func realPath(_ path: String) throws(FolderFault) -> String {
        guard let resolved = realpath(path, nil) else {
            switch Errno(rawValue: errno) {
            case .noSuchFileOrDirectory: throw .missing
            case .notDirectory: throw .notAFolder
            case let error: throw .unreadable(reason: error.description)
            }
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
