internal import FuzzProperties
internal import Glibc

/// Gives libFuzzer, whose own `main` calls this, one reader to try: `FUZZ_TARGET=plan FUZZ_FOLDER=/a/folder fuzz …`.
///
/// With `large` as its only argument it tries that reader's large files instead, and ends.
enum Driver {
    static let target: FuzzTarget = {
        if let target = variable("FUZZ_TARGET").flatMap(FuzzTarget.init(rawValue:)) { return target }
        say("fuzz: FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(64)
    }()
    static let folder = variable("FUZZ_FOLDER") ?? "/tmp"

    static func say(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

// Both by their names in https://llvm.org/docs/LibFuzzer.html#fuzz-target.

@c(LLVMFuzzerInitialize)
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    if CommandLine.arguments.dropFirst() == ["large"] { exit(LargeFiles.run()) }
    return 0
}

@c(LLVMFuzzerTestOneInput)
public func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let violation = Driver.target.violation(by: bytes, in: Driver.folder) {
        Driver.say("VIOLATION: \(violation)")
        abort()
    }
    return 0
}
