import FleetModel

/// What all manifests read so far declare, in the order of the files.
struct Declarations {
    var classes: [DatabaseClass] = []
    var environments: [Environment] = []
    /// Also those whose manifest has faults, so that a reference to one is not called dangling.
    var classNames: [Located<String>] = []
    var environmentNames: [Located<String>] = []
    var classReferences: [Located<String>] = []
    /// False where something could not be read, which may be the very thing that is missing.
    var isComplete = true

    mutating func append(_ other: Declarations) {
        classes += other.classes
        environments += other.environments
        classNames += other.classNames
        environmentNames += other.environmentNames
        classReferences += other.classReferences
        isComplete = isComplete && other.isComplete
    }
}
