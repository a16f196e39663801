import Testing
@Suite struct SocketTests {}
