import SystemPackage

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Names in a folder of the project, sorted.
func namesOfFiles(in path: String) throws -> [String] {
    guard let folder = opendir(project.appending(path).string) else { throw Errno(rawValue: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

/// Whether a path of the project is there; `*` stands for any name.
func exists(_ path: String) -> Bool {
    var matches = glob_t()
    defer { globfree(&matches) }
    return glob(project.appending(path).string, 0, nil, &matches) == 0
}

/// A root of manifests that is gone with it.
final class TemporaryRoot {
    let path: FilePath
    private let folder: FilePath

    init(_ manifest: String) throws {
        var template = Array("/tmp/reconcile-docs-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template) else { throw Errno(rawValue: errno) }
        path = FilePath(platformString: created)
        folder = path.appending("manifests")
        guard mkdir(folder.string, 0o700) == 0 else { throw Errno(rawValue: errno) }
        let file = try FileDescriptor.open(
            folder.appending("page.yaml"),
            .writeOnly,
            options: [.create],
            permissions: .ownerReadWrite
        )
        try file.closeAfter { _ = try file.writeAll(manifest.utf8) }
    }

    deinit {
        unlink(folder.appending("page.yaml").string)
        rmdir(folder.string)
        rmdir(path.string)
    }
}
