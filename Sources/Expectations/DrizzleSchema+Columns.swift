internal import FleetModel

extension DrizzleSchema {
    mutating func columns(of definition: Definition, _ name: TableName, in file: Int) -> Columns {
        let comma = definition.arguments + 1
        guard files[file].isSymbol(comma, .comma), let columns = columns(at: comma + 1, in: file, depth: 0) else {
            note(
                "columns of table \"\(name.name)\" are not read: they are not written out here",
                file,
                definition.arguments
            )
            return .unread
        }
        return columns
    }

    /// Of an object, of a function that gives one, or of what a word stands for; nil where it is none of these.
    private mutating func columns(at start: Int, in file: Int, depth: Int) -> Columns? {
        guard let place = object(at: start, in: file, depth: depth) else { return nil }
        if let columns = known[place] { return columns }
        // Who spreads itself gets nothing by it.
        known[place] = Columns()
        let columns = read(place, depth: depth)
        known[place] = columns
        return columns
    }

    private static let deepest = 16

    /// Where the object begins that stands at a token.
    private func object(at start: Int, in file: Int, depth: Int) -> Place? {
        let source = files[file]
        guard depth < Self.deepest, start < source.tokens.count else { return nil }
        if source.opens(start, "{") {
            return source.endsItem(source.end(of: start) + 1) ? Place(file: file, token: start) : nil
        }
        // `(t) => ({ … })`, `t => ({ … })`
        let head = source.opens(start, "(") ? source.end(of: start) + 1 : start + 1
        if source.isSymbol(head, .arrow), source.opens(head + 1, "("), source.opens(head + 2, "{") {
            return Place(file: file, token: head + 2)
        }
        guard let word = source.word(start) else { return nil }
        // `columns`, `columns()`; what is chosen from it, or made of it by another, is something else.
        let after = source.opens(start + 1, "(") ? source.end(of: start + 1) + 1 : start + 1
        guard source.endsItem(after) else { return nil }
        if let here = source.constants[word], here != start { return object(at: here, in: file, depth: depth + 1) }
        let name = source.imports[word]?.original ?? word
        guard let home = homes[name], home != file, let there = files[home].constants[name] else { return nil }
        return object(at: there, in: home, depth: depth + 1)
    }

    private mutating func read(_ place: Place, depth: Int) -> Columns {
        let source = files[place.file]
        let tokens = source.tokens
        let end = source.end(of: place.token)
        var columns = Columns()
        var index = place.token + 1
        while index < end {
            guard budget > 0 else {
                columns.isComplete = false
                note("columns are not read: there are too many of them", place.file, index)
                return columns
            }
            budget -= 1
            let stop = source.endOfItem(from: index, before: end)
            defer { index = stop + 1 }
            guard stop > index else { continue }
            if tokens[index].isSymbol(.spread) {
                if index + 1 < stop, let more = self.columns(at: index + 1, in: place.file, depth: depth + 1) {
                    columns.add(more, &budget)
                } else {
                    columns.isComplete = false
                    note("columns spread by \"...\" are not read", place.file, index)
                }
                continue
            }
            guard let key = tokens[index].word ?? tokens[index].string else {
                columns.isComplete = false
                note("a column whose key is computed is not read", place.file, index)
                continue
            }
            let hasValue = index + 1 < stop && tokens[index + 1].isSymbol(.colon)
            let value = hasValue ? index + 2 : index
            if let name = columnName(key, value..<stop, in: place.file, depth: depth) {
                columns.add(name)
            } else {
                columns.isComplete = false
                note("column \"\(key)\" is not read: its builder is not written out here", place.file, index)
            }
        }
        return columns
    }

    /// By a builder of Drizzle's that is all there is to the value, but for what only refines the column.
    private mutating func columnName(_ key: String, _ value: Range<Int>, in file: Int, depth: Int) -> String? {
        let source = files[file]
        guard depth < Self.deepest, let first = value.first, let word = source.word(first) else { return nil }
        var last = first
        while last + 2 < value.upperBound, source.isSymbol(last + 1, .dot), source.word(last + 2) != nil { last += 2 }
        let open = source.afterTypes(last + 1) ?? last + 1
        if open < value.upperBound, source.opens(open, "(") {
            guard isBuilder(first, last, in: file), isRefined(source.end(of: open) + 1..<value.upperBound, source)
            else { return nil }
            if let name = source.wholeString(open + 1) { return name }
            // Without a name, with or without options.
            let isUnnamed = source.end(of: open) == open + 1 || source.opens(open + 1, "{")
            return isUnnamed ? casing.column(of: key) : nil
        }
        // A word for a builder that stands elsewhere.
        guard last == first, source.endsItem(first + 1) else { return nil }
        var home = file
        var name = word
        if source.constants[word] == nil {
            name = source.imports[word]?.original ?? word
            guard let other = homes[name], other != file else { return nil }
            home = other
        }
        guard budget > 0, let start = files[home].constants[name], home != file || start != first else { return nil }
        let end = files[home].endOfItem(from: start, before: files[home].tokens.count)
        // Many columns may name one builder, and it may be long.
        budget -= end - start
        return columnName(key, start..<end, in: home, depth: depth + 1)
    }

    /// `text`, `t.text` or `enums.state`.
    private func isBuilder(_ first: Int, _ last: Int, in file: Int) -> Bool {
        let source = files[file]
        guard let word = source.word(first), let callee = source.word(last) else { return false }
        if first == last { return meaning(of: word, in: file)?.isBuilder == true }
        // Objects of the project's own may have functions of any name.
        guard last == first + 2, source.constants[word] == nil, !source.functions.contains(word) else { return false }
        if let known = source.imports[word], !known.module.hasPrefix("drizzle-orm") {
            guard known.original == "*", let home = homes[callee] else { return false }
            return meaning(of: callee, in: home)?.isBuilder == true
        }
        return Self.builders.contains(callee)
    }

    /// `.notNull().default(…)`, and what says of which type it is.
    private func isRefined(_ rest: Range<Int>, _ source: SourceFile) -> Bool {
        var index = rest.lowerBound
        while index < rest.upperBound {
            if source.word(index) == "as" || source.word(index) == "satisfies" { return true }
            if source.tokens[index].isSign("!") || source.tokens[index].isSign(";") {
                index += 1
                continue
            }
            guard source.isSymbol(index, .dot), source.word(index + 1) != nil else {
                // A value ends where the next statement's first word stands on a line of its own.
                return source.word(index) != nil && source.line(of: index) > source.line(of: index - 1)
            }
            index = source.afterTypes(index + 2) ?? index + 2
            if source.opens(index, "(") { index = source.end(of: index) + 1 }
        }
        return true
    }
}
