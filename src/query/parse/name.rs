//! Which names there are, and which of them somebody may have meant.

use super::super::condition::Subject;
use super::super::field::Field;
use super::super::flag::Flag;
use super::super::path::JsonPath;
use super::super::term::{AccessSet, Expr, Term};
use super::cursor::Word;
use super::error::ParseError;

/// Fields that are not one of [`Field`].
const OTHERS: [&str; 5] = ["time", "tag", "ocid", "is", "has"];

/// Keys of an event's JSON that are no field of their own name, but a path of one key.
const KEYS: [&str; 25] = [
    "eventId",
    "eventTime",
    "eventType",
    "eventTypeVersion",
    "cloudEventsVersion",
    "contentType",
    "source",
    "data",
    "eventName",
    "eventGroupingId",
    "compartmentId",
    "compartmentName",
    "resourceName",
    "resourceId",
    "availabilityDomain",
    "freeformTags",
    "definedTags",
    "identity",
    "request",
    "response",
    "stateChange",
    "additionalDetails",
    "internalDetails",
    "message",
    "systemTags",
];

/// What people call a field elsewhere.
const SYNONYMS: [(&str, &str); 34] = [
    ("service", "svc"),
    ("name", "event"),
    ("operation", "event"),
    ("principal", "user"),
    ("username", "user"),
    ("who", "user"),
    ("actor", "user"),
    ("principalid", "uid"),
    ("userid", "uid"),
    ("principalname", "user"),
    ("address", "ip"),
    ("ipaddress", "ip"),
    ("src_ip", "ip"),
    ("agent", "ua"),
    ("useragent", "ua"),
    ("fingerprint", "key"),
    ("sessionid", "session"),
    ("compartment", "comp"),
    ("compartmentocid", "compid"),
    ("resource", "res"),
    ("bucket", "res"),
    ("method", "action"),
    ("verb", "action"),
    ("url", "path"),
    ("uri", "path"),
    ("code", "status"),
    ("text", "msg"),
    ("error", "msg"),
    ("requestid", "req"),
    ("groupingid", "group"),
    ("date", "time"),
    ("when", "time"),
    ("authtype", "auth"),
    ("tags", "tag"),
];

/// What `is:` knows beside the flags.
const TERMS: [(&str, Term); 6] = [
    ("write", Term::Access(AccessSet::WRITES)),
    ("read", Term::Access(AccessSet::READS)),
    ("login", Term::Access(AccessSet::LOGINS)),
    ("failed", Term::Failed),
    ("self", Term::Own),
    ("late", Term::Late),
];

/// What a name before an operator stands for.
#[derive(Clone, Debug)]
pub enum Name {
    Subject(Subject),
    Time,
    Is,
    Has,
}

/// What stands before an operator.
pub fn named(word: &Word) -> Result<Name, ParseError> {
    if word.is_star() {
        return Ok(Name::Subject(Subject::Raw));
    }
    let text = word.text();
    match text.to_ascii_lowercase().as_str() {
        "time" => return Ok(Name::Time),
        "is" => return Ok(Name::Is),
        "has" => return Ok(Name::Has),
        "tag" => return Ok(Name::Subject(Subject::Tag)),
        "ocid" => return Ok(Name::Subject(Subject::AnyOcid)),
        "sev" => return Err(ParseError::new(word.span.clone(), "there are no hints yet, so nothing has a severity")),
        _ => {}
    }
    if word.glob().is_some() {
        return Err(ParseError::new(word.span.clone(), "the name of a field has no * or ? in it"));
    }
    if let Some(field) = Field::named(&text) {
        return Ok(Name::Subject(Subject::Field(field)));
    }
    let segments = word.segments();
    if segments.len() > 1 || KEYS.iter().any(|key| key.eq_ignore_ascii_case(&text)) {
        let path = JsonPath::new(segments).map(|path| Name::Subject(Subject::Path(path)));
        return path
            .ok_or_else(|| ParseError::new(word.span.clone(), "a key is missing between the dots of this path"));
    }
    let message = format!("no field is called “{}”; for a text with : = < or > use quotes", shortened(&text));
    Err(ParseError::new(word.span.clone(), message).nearest(nearest(&text, field_names())))
}

/// Everything that may stand before a colon, but for places in the JSON.
pub fn field_names() -> impl Iterator<Item = &'static str> {
    Field::ALL.iter().map(|field| field.name()).chain(OTHERS)
}

/// Everything that `is:` knows.
pub fn flag_names() -> impl Iterator<Item = &'static str> {
    TERMS.iter().map(|(name, _)| *name).chain(of_is().map(Flag::name))
}

fn of_is() -> impl Iterator<Item = Flag> {
    Flag::ALL.iter().copied().filter(|flag| *flag != Flag::Diff)
}

/// Whether a field has this name.
pub fn is_known(name: &str) -> bool {
    Field::named(name).is_some() || OTHERS.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// What stands after `is:`.
pub fn flag(word: &Word) -> Result<Expr, ParseError> {
    let text = word.text().to_ascii_lowercase();
    if let Some((_, term)) = TERMS.iter().find(|(name, _)| *name == text) {
        return Ok(term.clone().into());
    }
    if let Some(flag) = of_is().find(|flag| flag.name() == text) {
        return Ok(Term::Flag(flag).into());
    }
    let missing = match text.as_str() {
        "new" => "what is new cannot be told yet: there is no baseline to compare with",
        "marked" => "events cannot be marked yet",
        "noted" => "events cannot have notes yet",
        "diff" => return Err(ParseError::new(word.span.clone(), "this is asked with has:").nearest(["has:diff"])),
        _ => "",
    };
    if !missing.is_empty() {
        return Err(ParseError::new(word.span.clone(), missing));
    }
    let message = format!("is: does not know “{}”", shortened(&text));
    Err(ParseError::new(word.span.clone(), message).nearest(nearest(&text, flag_names())))
}

/// Up to three of `names`, the most similar first.
pub fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let text = text.to_ascii_lowercase();
    let meant = SYNONYMS.iter().find(|(synonym, _)| *synonym == text).map(|(_, name)| *name);
    // Of two letters one that is wrong is half.
    let most = if text.chars().count() < 3 { 0 } else { text.chars().count().div_ceil(3) };
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let distance = match () {
                () if meant == Some(name) => 0,
                () if name.len() > 1 && text.len() > 2 && (name.starts_with(&text) || text.starts_with(name)) => 1,
                () => strsim::osa_distance(&text, name),
            };
            (distance <= most).then_some((distance, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

pub fn shortened(text: &str) -> String {
    crate::domain::text::clean_prefix(text, 40).into_owned()
}
