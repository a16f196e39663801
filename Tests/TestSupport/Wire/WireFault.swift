/// What a proxy breaks, and where in a whole run.
package struct WireFault: Sendable, CustomStringConvertible {
    package enum Direction: Sendable, Hashable { case toServer, toClient }

    package enum Place: Sendable, Hashable, CustomStringConvertible {
        /// The message with this number of its direction does not come through any more.
        case before(Direction, Int)
        /// It is the last that comes through.
        case after(Direction, Int)
        /// The server has committed what was written, and what it says of it is lost: by number, from 1.
        case replyToCommit(Int)
        /// A query that holds this text, by number from 1: before it is sent on, or right after.
        case query(String, Int, isBefore: Bool)

        package var description: String {
            switch self {
            case .before(.toServer, let number): "before message \(number) to the server"
            case .after(.toServer, let number): "after message \(number) to the server"
            case .before(.toClient, let number): "before message \(number) to the client"
            case .after(.toClient, let number): "after message \(number) to the client"
            case .replyToCommit(let number): "instead of the reply to commit \(number)"
            case .query(let text, let number, let isBefore):
                "\(isBefore ? "before" : "after") query \(number) with \"\(text)\""
            }
        }
    }

    package enum Damage: Sendable {
        /// Both ends lose the connection; the client by a reset, which may take what it had not read yet.
        case reset
        /// Both ends see the connection end in order.
        case hangUp
        /// Nothing passes for so long, and nobody is told; then it goes on.
        case silence(Duration)
        /// The client's end is reset; the server's stays open for so long, as where a network went away.
        case oneSided(Duration)
        /// Every connection is lost, and none comes about for so long.
        case outage(Duration)
        /// Something is done, given the process that serves the connection (0 where it is not known yet); then it goes on.
        case act(@Sendable (_ backend: Int32) async -> Void)
    }

    package let place: Place
    package let damage: Damage

    package var description: String {
        switch damage {
        case .reset: "reset \(place)"
        case .hangUp: "hung up \(place)"
        case .silence(let duration): "silent for \(duration) \(place)"
        case .oneSided(let duration): "lost for the client, for the server after \(duration), \(place)"
        case .outage(let duration): "an outage of \(duration) \(place)"
        case .act: "something done \(place)"
        }
    }

    package init(_ place: Place, _ damage: Damage) {
        self.place = place
        self.damage = damage
    }
}
