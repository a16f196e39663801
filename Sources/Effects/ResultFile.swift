internal import Glibc

/// A file could not be written.
package struct FileError: Error, Sendable {
    package var reason: String
}

/// A file that is there wholly or not at all, whatever dies while it is written.
package enum ResultFile {
    /// Writes under another name, syncs, and renames; readable by its owner alone.
    ///
    /// A device, a pipe, a link keep what they are: it is written to them, or to what they lead to. `/dev/stdout` is the
    /// stream itself, whatever it leads to.
    package static func write(_ bytes: [UInt8], to named: String) throws(FileError) {
        if let stream = stream(named) {
            return try Outside.perform(.writeFile(named)) { () throws(FileError) in try writeAll(bytes, to: stream) }
        }
        var status = stat()
        let isThere = stat(named, &status) == 0
        if isThere, status.st_mode & S_IFMT != S_IFREG { return try writeThrough(bytes, to: named) }
        var path = named
        if isThere, let real = realpath(named, nil) {
            path = String(cString: real)
            free(real)
        }
        try replace(path, with: bytes)
    }

    /// Opened anew it would be written from its beginning, over what stands there; replaced, it would be another file.
    private static func stream(_ path: String) -> CInt? {
        switch path {
        case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": STDOUT_FILENO
        case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": STDERR_FILENO
        default: nil
        }
    }

    private static func writeThrough(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = try Outside.perform(.createFile(path)) { () throws(FileError) in
            let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw FileError.last }
            return descriptor
        }
        defer { close(descriptor) }
        try Outside.perform(.writeFile(path)) { () throws(FileError) in try writeAll(bytes, to: descriptor) }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Somebody made it a stream that does not wait.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
                continue
            }
            guard count > 0 else { throw FileError.last }
            rest = rest.dropFirst(count)
        }
    }

    private static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let unfinished = "\(path).\(getpid()).partial"
        let descriptor = try Outside.perform(.createFile(path)) { () throws(FileError) in
            let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FileError.last }
            return descriptor
        }
        do throws(FileError) {
            try Outside.perform(.writeFile(path)) { () throws(FileError) in try writeAll(bytes, to: descriptor) }
            try Outside.perform(.synchronize(path)) { () throws(FileError) in
                guard fsync(descriptor) == 0 else { throw FileError.last }
            }
            close(descriptor)
            try Outside.perform(.rename(path)) { () throws(FileError) in
                guard rename(unfinished, path) == 0 else { throw FileError.last }
            }
        } catch {
            _ = Outside.perform(.remove(unfinished)) { unlink(unfinished) }
            throw error
        }
    }
}

extension FileError {
    fileprivate static var last: FileError { FileError(reason: String(cString: strerror(errno))) }
}
