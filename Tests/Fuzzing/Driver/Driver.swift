internal import CFuzzer
internal import FuzzProperties
internal import Glibc

/// Gives libFuzzer one reader to try: `FUZZ_TARGET=plan FUZZ_FOLDER=/a/folder fuzz [libFuzzer's arguments]`.
@main enum Driver {
    fileprivate static let target = variable("FUZZ_TARGET").flatMap(FuzzTarget.init(rawValue:))
    fileprivate static let folder = variable("FUZZ_FOLDER") ?? "/tmp"

    static func main() {
        guard target != nil else {
            say("fuzz: FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
            exit(64)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                let bytes = Array(UnsafeBufferPointer(start: data, count: size))
                if let violation = Driver.target?.violation(by: bytes, in: Driver.folder) {
                    Driver.say("VIOLATION: \(violation)")
                    abort()
                }
                return 0
            }
        )
    }

    fileprivate static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
