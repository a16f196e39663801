/// A program in a container that joins its stdin and stdout to a server there.
///
/// Where the server is process 1, what a relay leaves behind becomes its child, and a child that a signal ends makes it
/// restart all sessions. So each is one process, or waits for what it started; see
/// <https://www.postgresql.org/docs/current/tutorial-arch.html>.
enum Relay: String, Sendable, CaseIterable {
    case perl, python3, socat, bash

    /// Prints the first of these that is fit, or `none`; one round trip.
    static let question = [
        "sh", "-c",
        """
        if perl -MSocket=getaddrinfo -MFcntl -MErrno -e 1 2>/dev/null; then echo perl
        elif python3 -S -E -c 'import selectors, socket' 2>/dev/null; then echo python3
        elif socat -V >/dev/null 2>&1; then echo socat
        elif bash -c 'wait -n' 2>/dev/null || [ $? = 127 ] && bash -c 'exit 0' 2>/dev/null; then echo bash
        else echo none
        fi
        """,
    ]

    /// Whether it reaches sockets of folders, and not only ports.
    var reachesSockets: Bool { self != .bash }

    func words(to endpoint: Endpoint) -> [String] {
        switch (self, endpoint) {
        case (.perl, .tcp(let host, let port)): ["perl", "-e", Self.perlText, host, port]
        case (.perl, .socket(let path)): ["perl", "-e", Self.perlText, path]
        case (.python3, .tcp(let host, let port)): ["python3", "-S", "-E", "-c", Self.pythonText, host, port]
        case (.python3, .socket(let path)): ["python3", "-S", "-E", "-c", Self.pythonText, path]
        case (.socat, .tcp(let host, let port)):
            ["socat", "-t", "1", "STDIO", "TCP:\(host.contains(":") ? "[\(host)]" : host):\(port),nodelay"]
        case (.socat, .socket(let path)): ["socat", "-t", "1", "STDIO", "UNIX-CONNECT:\(path)"]
        case (.bash, .tcp(let host, let port)): ["bash", "-c", Self.bashText, "relay", host, port]
        case (.bash, .socket(let path)): ["bash", "-c", Self.bashText, "relay", path, ""]
        }
    }

    /// Ends when its client has gone and all was said, or when the server has gone and all was heard.
    private static let perlText = """
        use strict; use Socket qw(:DEFAULT getaddrinfo IPPROTO_TCP TCP_NODELAY); use Fcntl; use Errno;
        $SIG{PIPE} = 'IGNORE';
        my ($host, $port) = @ARGV;
        my ($server, $why) = (undef, '');
        if (defined $port) {
            my ($error, @found) = getaddrinfo($host, $port, {socktype => SOCK_STREAM});
            die "$host: $error\\n" if $error;
            for my $one (@found) {
                socket(my $try, $one->{family}, SOCK_STREAM, 0) or next;
                if (connect($try, $one->{addr})) { $server = $try; last }
                $why = "$!";
            }
            die "$host:$port: $why\\n" unless $server;
            setsockopt($server, IPPROTO_TCP, TCP_NODELAY, 1);
        } else {
            socket($server, AF_UNIX, SOCK_STREAM, 0) && connect($server, pack_sockaddr_un($host)) or die "$host: $!\\n";
        }
        for ($server, \\*STDIN, \\*STDOUT) { fcntl($_, F_SETFL, fcntl($_, F_GETFL, 0) | O_NONBLOCK) }
        my ($up, $down, $in, $out, $at) = ('', '', 1, 1, fileno $server);
        until (!$in && $up eq '' || !$out && $down eq '') {
            my ($read, $write) = ('', '');
            vec($read, 0, 1) = 1 if $in && length $up < 262144;
            vec($read, $at, 1) = 1 if $out && length $down < 262144;
            vec($write, $at, 1) = 1 if length $up;
            vec($write, 1, 1) = 1 if length $down;
            next if select($read, $write, undef, undef) < 0;
            if (vec($read, 0, 1)) {
                my $count = sysread STDIN, $up, 65536, length $up;
                $in = 0 if defined $count ? !$count : !$!{EAGAIN};
            }
            if (vec($read, $at, 1)) {
                my $count = sysread $server, $down, 65536, length $down;
                $out = 0 if defined $count ? !$count : !$!{EAGAIN};
            }
            if (vec($write, $at, 1)) {
                my $count = syswrite $server, $up;
                if (defined $count) { substr $up, 0, $count, '' } elsif (!$!{EAGAIN}) { $up = ''; $in = 0 }
            }
            if (vec($write, 1, 1)) {
                my $count = syswrite STDOUT, $down;
                if (defined $count) { substr $down, 0, $count, '' } elsif (!$!{EAGAIN}) { $down = ''; $out = 0 }
            }
        }
        """

    private static let pythonText = """
        import os, select, socket, sys
        words = sys.argv[1:]
        try:
            if len(words) > 1:
                server = socket.create_connection((words[0], int(words[1])))
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                server = socket.socket(socket.AF_UNIX)
                server.connect(words[0])
        except OSError as error:
            sys.exit(f"{':'.join(words)}: {error.strerror or error}")
        at = server.fileno()
        for one in (0, 1, at):
            os.set_blocking(one, False)
        up, down, reading, hearing = bytearray(), bytearray(), True, True
        def take(source, buffer):
            try:
                piece = os.read(source, 65536)
            except BlockingIOError:
                return True
            except OSError:
                return False
            buffer += piece
            return bool(piece)
        def give(target, buffer):
            try:
                del buffer[:os.write(target, buffer)]
            except BlockingIOError:
                return True
            except OSError:
                buffer.clear()
                return False
            return True
        while (reading or up) and (hearing or down):
            sources = [0] * (reading and len(up) < 262144) + [at] * (hearing and len(down) < 262144)
            ready, free, _ = select.select(sources, [at] * bool(up) + [1] * bool(down), [])
            if 0 in ready:
                reading = take(0, up)
            if at in ready:
                hearing = take(at, down)
            if at in free and not give(at, up):
                reading = False
            if 1 in free and not give(1, down):
                hearing = False
        """

    /// Two programs that bash waits for; a signal for want of a reader would be one too many.
    private static let bashText = """
        trap '' PIPE
        [ -n "$2" ] || { echo "$1: bash reaches ports only" >&2; exit 1; }
        exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit 1
        cat <&4 >&3 2>/dev/null &
        cat <&3 4<&- 2>/dev/null &
        wait -n
        kill $(jobs -p) 2>/dev/null
        wait
        """
}
