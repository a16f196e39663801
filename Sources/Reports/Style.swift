package enum Style: Sendable, Hashable { case plain, colored }
