//! What may stand in the user's file. Keys are named like the options, and say the same.

/// A key that may be set.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// As the option is called.
    pub name: &'static str,
    pub shape: Shape,
    /// It is about a tenancy, so the invented one has no use for it.
    pub of_tenancy: bool,
    /// What the file that is written says about it.
    pub about: &'static str,
    pub example: &'static str,
}

/// What a value looks like in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string, or a whole number.
    One,
    /// A string, or an array of them.
    Many,
    Switch,
}

const fn tenancy(name: &'static str, shape: Shape, example: &'static str, about: &'static str) -> Known {
    Known { name, shape, of_tenancy: true, about, example }
}

const fn general(name: &'static str, shape: Shape, example: &'static str, about: &'static str) -> Known {
    Known { name, shape, of_tenancy: false, about, example }
}

pub const KNOWN: [Known; 16] = [
    tenancy("profile", Shape::One, "\"PROD\"", "The profile of the OCI config file."),
    tenancy("config-file", Shape::One, "\"~/.oci/config\"", "The OCI config file."),
    tenancy("auth", Shape::One, "\"security_token\"", "How to sign in."),
    tenancy(
        "region",
        Shape::Many,
        "[\"eu-frankfurt-1\", \"iad\"]",
        "Only these regions, in exports too, which say so; by name or three-letter key.",
    ),
    tenancy("exclude-region", Shape::Many, "[\"phx\"]", "Not these regions."),
    tenancy("time", Shape::One, "\"-6h\"", "What the explorer shows first, where no time is asked for."),
    tenancy("padding", Shape::One, "\"30m\"", "How much later than it happened an event may have been processed."),
    tenancy("settling", Shape::One, "\"15m\"", "How long after its end a window may still grow."),
    tenancy("concurrency", Shape::One, "32", "Calls at once, over all regions."),
    general("tz", Shape::One, "\"+02:00\"", "The zone of times typed and shown: utc, local or an offset."),
    general("max-memory", Shape::One, "\"2G\"", "Most memory for the events held."),
    general("progress", Shape::One, "\"plain\"", "How standard error tells of the progress: auto, plain, json, none."),
    general(
        "theme",
        Shape::One,
        "\"high-contrast\"",
        "dark, light, high-contrast, blue-orange-dark, blue-orange-light, mono, or the name of a file in themes/.",
    ),
    general(
        "history",
        Shape::Switch,
        "false",
        "Whether queries are kept for the next run, in $XDG_STATE_HOME/auditui/history; they are unless this says false.",
    ),
    general("no-color", Shape::Switch, "true", "No colours."),
    general("ascii", Shape::Switch, "true", "ASCII characters only."),
];
