/// What every page has: its policy, style and script, the bar of controls, the contents, and the report itself.
struct PageFrame {
    /// The command it is the result of.
    var kind: String
    var title: String
    var toolVersion: String
    /// Items of the list of contents.
    var contents: HTML
    var report: HTML

    var bytes: [UInt8] { Array(HTML.document(head: head, body: body).markup.utf8) }

    private var head: HTML {
        HTML([
            VoidTag.meta(.utf8),
            // Before anything it is to hold for.
            VoidTag.meta(.header("Content-Security-Policy"), .content(Asset.contentSecurityPolicy)),
            VoidTag.meta(.name("viewport"), .content("width=device-width, initial-scale=1")),
            VoidTag.meta(.name("color-scheme"), .content("light dark")),
            VoidTag.meta(.name("referrer"), .content("no-referrer")),
            VoidTag.meta(.name("robots"), .content("noindex")),
            Tag.title { title },
            HTML.style(.style),
        ])
    }

    private var body: HTML {
        HTML([
            Tag.a(.class("skip"), .href(.main)) { "Skip to the report" },
            Tag.header(.class("top")) {
                Tag.p(.class("brand")) {
                    Tag.strong { "reconcile" }
                    " \(kind)"
                }
                controls
            },
            Tag.div(.class("layout")) {
                Tag.nav(.label("Contents")) { Tag.ul(.list) { contents } }
                Tag.main(.id(.main), .target) { report }
            },
            Tag.footer {
                Tag.p { "reconcile \(toolVersion)" }
            },
            HTML.script(.script),
        ])
    }

    private var controls: HTML {
        Tag.div([.class("controls")] + Attribute.needsScript) {
            Tag.div(.class("search")) {
                Tag.label(.for(.filter)) { "Filter" }
                VoidTag.input(
                    [.type("search"), .id(.filter), .placeholder("name, code, table, SQL, is:pending")]
                        + Attribute.noCompletion
                )
                Tag.output(.id(.filterCount), .for(.filter), .role("status"))
            }
            Tag.div(.class("buttons")) {
                Tag.button(.type("button"), .action("open")) { "Open all" }
                Tag.button(.type("button"), .action("close")) { "Close all" }
            }
            Tag.fieldset(.class("theme")) {
                Tag.legend(.class("spoken")) { "Colours" }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("auto"), .checked)
                    "Auto"
                }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("light"))
                    "Light"
                }
                Tag.label {
                    VoidTag.input(.type("radio"), .name("theme"), .value("dark"))
                    "Dark"
                }
            }
        }
    }
}
