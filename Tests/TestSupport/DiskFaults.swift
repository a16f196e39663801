internal import Effects
internal import Glibc

/// Lets a call of a program that touches files below some folders fail: the n-th of all its processes.
///
/// What is put in front of the C library is `Tests/Faults/faults.c`, compiled when it is first asked for.
package final class DiskFaults: Sendable {
    /// What a disk does, and to which call.
    package struct Fault: Sendable, CustomStringConvertible {
        /// As `errno` says it; 0: the process is killed before the call.
        package var error: CInt
        /// From 1.
        package var number: Int
        /// Whether all later calls fail, too.
        package var lasts: Bool

        package init(error: CInt, number: Int, lasts: Bool = false) {
            self.error = error
            self.number = number
            self.lasts = lasts
        }

        package var description: String {
            "\(error == 0 ? "killed" : String(cString: strerror(error))) at call \(number)"
                + (lasts ? " and all later" : "")
        }
    }

    private let folder: TemporaryFolder
    private var library: String { "\(folder.path)/faults.so" }

    private init(_ folder: TemporaryFolder) { self.folder = folder }

    /// - Returns: nil where there is no C compiler.
    package static func make() async throws -> DiskFaults? {
        let paths = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":")
        let compilers = ["clang", "cc", "gcc"].flatMap { name in paths.map { "\($0)/\(name)" } }
        guard let compiler = compilers.first(where: { access($0, X_OK) == 0 }) else { return nil }
        let faults = DiskFaults(try TemporaryFolder())
        // PostgreSQL's programs run as somebody else.
        chmod(faults.folder.path, 0o755)
        let source = Here.folder("..") + "/Faults/faults.c"
        let result = try await Command(compiler, ["-shared", "-fPIC", "-O1", "-o", faults.library, source]).run()
        guard result.status == 0 else { throw ProgramFailure(compiler, result) }
        chmod(faults.library, 0o755)
        return faults
    }

    /// One run's environment, its count and its log.
    package struct Watch: Sendable {
        package let environment: [String: String]
        private let folder: TemporaryFolder

        fileprivate init(_ environment: [String: String], _ folder: TemporaryFolder) {
            self.environment = environment
            self.folder = folder
        }

        /// The calls so far, each as `write PATH`, in order.
        package var calls: [String] {
            (Files.text("\(folder.path)/log") ?? "").split(separator: "\n").compactMap { line in
                let parts = line.split(separator: "\t", maxSplits: 1)
                return parts.count == 2 ? Int(parts[0]).map { ($0, String(parts[1])) } : nil
            }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// - Parameters:
    ///   - prefixes: beginnings of the paths that count.
    ///   - spared: a part of paths that do not.
    ///   - fault: what fails; nothing where it is nil.
    ///   - reads: whether reads count, too.
    /// - Returns: what the program is to be started with.
    /// - Throws: where its files cannot be made.
    package func watch(
        below prefixes: [String],
        sparing spared: String = "",
        _ fault: Fault? = nil,
        reads: Bool = false
    ) throws -> Watch {
        let own = try TemporaryFolder()
        chmod(own.path, 0o755)
        for (name, text) in [("count", String(repeating: "\0", count: 8)), ("log", "")] {
            try own.write(text, to: name)
            chmod("\(own.path)/\(name)", 0o666)
        }
        var environment = [
            "LD_PRELOAD": library, "FAULT_BELOW": prefixes.joined(separator: ":"), "FAULT_NOT": spared,
            "FAULT_COUNT": "\(own.path)/count", "FAULT_LOG": "\(own.path)/log",
        ]
        if reads { environment["FAULT_READS"] = "1" }
        if let fault {
            environment["FAULT_AT"] = "\(fault.number)\(fault.lasts ? "+" : "")"
            environment["FAULT_ERROR"] = "\(fault.error)"
        }
        return Watch(environment, own)
    }
}
