internal import FleetModel
internal import Glibc
internal import Migrations

/// A folder under the root that looks like migrations.
struct FoundFolder: Sendable, Hashable {
    /// Relative to the root.
    var path: String
    var format: MigrationSource.Format

    /// The last word of the path that says more than that there are migrations in it.
    var className: String {
        let general: Set<String> = [
            "migrations", "migration", "migrate", "drizzle", "prisma", "supabase", "sql", "db", "database", "manifests",
            "src", "resources", "main",
        ]
        let words = path.split(separator: "/").map(String.init)
        let word = words.last { !general.contains($0.lowercased()) } ?? "main"
        let plain = word.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isPlain || "._-".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        let name = String(String(plain).drop { !$0.isLetter && !$0.isNumber }.prefix(63))
        return name.isEmpty ? "main" : name
    }

    /// Looks at one folder; nil where it holds no migrations.
    static func look(at path: String, under root: String) -> FoundFolder? {
        HistoryFormats.format(of: "\(root)/\(path)", root: root).map { FoundFolder(path: path, format: $0) }
    }

    /// All below the root, a few levels deep; what programs install or build is left alone, and so are links.
    ///
    /// The second says whether the search came to its end: a root may be somebody's whole home.
    static func all(under root: String) -> (folders: [FoundFolder], isWhole: Bool) {
        var found: [FoundFolder] = []
        var looks = 0
        var waiting: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = waiting.popLast() {
            looks += 1
            guard looks <= 5000 else { return (found.sorted { $0.path < $1.path }, false) }
            if !path.isEmpty, let folder = look(at: path, under: root) {
                found.append(folder)
                continue
            }
            guard depth < 6 else { continue }
            for name in FolderNames(path.isEmpty ? root : "\(root)/\(path)").folders
            where !name.hasPrefix(".") && !["node_modules", "vendor", "dist", "build", "target"].contains(name) {
                waiting.append((path.isEmpty ? name : "\(path)/\(name)", depth + 1))
            }
        }
        return (found.sorted { $0.path < $1.path }, true)
    }
}

/// What stands in a folder, links left out.
private struct FolderNames {
    var folders: [String] = []

    init(_ path: String) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard name != ".", name != "..", lstat("\(path)/\(name)", &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: folders.append(name)
            default: break
            }
        }
    }
}

extension Workspace {
    /// Whether there is anything under the root that could hold manifests.
    static func exists(in root: String) -> Bool {
        ["environments", "manifests"].contains { access("\(root)/\($0)", F_OK) == 0 }
    }
}
