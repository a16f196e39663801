internal import FuzzProperties
internal import Glibc

/// Files about as large as a reader takes cost it seconds, and so much memory at most.
enum LargeFiles {
    private static let seconds = 10
    private static let megabytes = 768

    /// Tries all of a reader's, with a line for each, and gives 1 where one breaks it.
    ///
    /// Where one hangs SIGPROF ends the program.
    static func run() -> CInt {
        var status: CInt = 0
        for large in Driver.target.large {
            let bytes = large.bytes(Driver.target.largest)
            // Processor time, as others may be at work, too.
            var timer = itimerval()
            timer.it_value.tv_sec = seconds
            setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
            let start = clock()
            Driver.say("LARGE \(Driver.target.rawValue): \(large.name), \(bytes.count) bytes")
            var fault = Driver.target.violation(by: bytes, in: Driver.folder)
            let milliseconds = (clock() - start) / (CLOCKS_PER_SEC / 1000)
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            Driver.say("  \(milliseconds) ms, \(usage.ru_maxrss >> 10) MB so far")
            if usage.ru_maxrss >> 10 > megabytes { fault = fault ?? "more than \(megabytes) MB" }
            guard let fault else { continue }
            Driver.say("VIOLATION: \(fault)")
            status = 1
        }
        return status
    }
}
