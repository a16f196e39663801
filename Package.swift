// swift-tools-version: 6.2
import PackageDescription

// Every module is small, says what it needs, and may import nothing else:
// `make build` passes `--explicit-target-dependency-import-check error`.
var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// Known mistakes that tests must find, for `make torture MUTATE=1` alone: Sources/Effects/Mutation.swift.
let isMutable = Context.environment["RECONCILE_MUTATIONS"] != nil
if isMutable { settings.append(.define("MUTATIONS")) }
let mutations: [Target.Dependency] = isMutable ? ["Effects"] : []

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")

let package = Package(
    name: "reconcile",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "reconcile", targets: ["reconcile"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Without its Foundation trait: Foundation costs 15 ms at every start.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .systemLibrary(
            name: "CLibYAML",
            pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]
        ),
        .systemLibrary(name: "CSpawn"),
        .target(name: "FleetModel", dependencies: [crypto], swiftSettings: settings),
        .target(name: "Effects", dependencies: ["CSpawn", system, subprocess], swiftSettings: settings),
        .target(name: "Postgres", dependencies: ["CLibPQ", "Effects"], swiftSettings: settings),
        .target(
            name: "ManifestLoading",
            dependencies: ["CLibYAML", "FleetModel", "Migrations", system] + mutations,
            swiftSettings: settings
        ),
        .target(name: "Migrations", dependencies: ["FleetModel", "Postgres", crypto, system], swiftSettings: settings),
        .target(name: "Discovery", dependencies: ["FleetModel"], swiftSettings: settings),
        .target(name: "Expectations", dependencies: ["Effects", "FleetModel", "Migrations"], swiftSettings: settings),
        .target(
            name: "Servers",
            dependencies: [
                "CSpawn", "Discovery", "Effects", "Expectations", "FleetModel", "Migrations", "Postgres", crypto,
                system, subprocess,
            ],
            swiftSettings: settings
        ),
        .target(name: "Planning", dependencies: ["FleetModel", "Migrations", collections], swiftSettings: settings),
        .target(
            name: "Applying",
            dependencies: [
                "Effects", "Expectations", "FleetModel", "Migrations", "Planning", "Postgres", "Servers", crypto,
                system,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Reports",
            dependencies: ["Discovery", "FleetModel", "Planning"],
            resources: [.embedInCode("HTML/page.css"), .embedInCode("HTML/page.js")],
            swiftSettings: settings
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Applying", "Discovery", "Effects", "Expectations", "FleetModel", "ManifestLoading", "Migrations",
                "Planning", "Postgres", "Reports", "Servers", logging, system,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "reconcile", dependencies: ["Commands"], swiftSettings: settings),
        .target(
            name: "FleetFixtures",
            dependencies: ["FleetModel", "Migrations", "Planning"],
            path: "Tests/FleetFixtures",
            swiftSettings: settings
        ),
        .target(name: "Schemas", dependencies: ["FleetModel"], path: "Tests/Schemas", swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: ["Effects", "FleetModel", "Postgres", "Schemas", "Servers", system],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "FuzzProperties",
            dependencies: ["Expectations", "FleetModel", "ManifestLoading", "Migrations", "Reports", system],
            path: "Tests/Fuzzing/Properties",
            swiftSettings: settings
        ),
        .testTarget(
            name: "CorpusTests",
            dependencies: ["Effects", "FuzzProperties", "TestSupport"],
            path: "Tests/Fuzzing/Replay",
            swiftSettings: settings
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["Effects", "FleetModel", "Servers", "TestSupport", system],
            exclude: ["Estates", "Scenarios", "Scripts", "Stages"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TortureTests",
            dependencies: [
                "Applying", "Effects", "FleetModel", "Postgres", "Reports", "Servers", "TestSupport", system,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ApplyingTests",
            dependencies: ["Applying", "FleetModel", "Planning", "Postgres", "Servers", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BackupTests",
            dependencies: ["Applying", "Effects", "FleetModel", "Postgres", "Servers", "TestSupport", system],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HopsTests",
            dependencies: ["Applying", "Effects", "FleetModel", "Postgres", "Servers", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DocsTests",
            dependencies: ["Commands", "FleetModel", "ManifestLoading", "Migrations", "Reports", system],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["Discovery", "FleetModel", "ManifestLoading", "Migrations", "Reports", "Servers", system],
            exclude: ["Recorded"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ExpectationsTests",
            dependencies: ["Effects", "Expectations", "FleetModel", "Migrations"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "InspectionTests",
            dependencies: ["Effects", "FleetModel", "Postgres", "Servers", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ManifestLoadingTests",
            dependencies: ["FleetModel", "ManifestLoading", "Migrations", "Reports", "Schemas", system],
            exclude: ["Manifests"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MigrationsTests",
            dependencies: ["FleetModel", "Migrations", "Postgres", "TestSupport", system],
            exclude: ["Folders"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PageTests",
            dependencies: ["Effects", "FleetFixtures", "FleetModel", "Planning", "Reports", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PlanningTests",
            dependencies: ["FleetFixtures", "FleetModel", "Migrations", "Planning", "Reports"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PostgresTests",
            dependencies: ["Postgres", "Servers", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ReportsTests",
            dependencies: [
                "Effects", "FleetFixtures", "FleetModel", "Migrations", "Planning", "Reports", "Schemas", system,
            ],
            exclude: ["Golden", "Schemas"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ScratchTests",
            dependencies: ["Effects", "FleetModel", "Migrations", "Postgres", "Servers", "TestSupport", system],
            swiftSettings: settings
        ),
    ]
)

// libFuzzer has a main of its own, so what it drives is built by scripts/fuzz alone.
if Context.environment["RECONCILE_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: ["FuzzProperties"],
            path: "Tests/Fuzzing/Driver",
            swiftSettings: settings
        )
    )
}
