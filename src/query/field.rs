//! The fields that a term can name, and the short names under which they are typed.

use crate::domain::event::EventFields;
use crate::index::{Column, RecordRef};

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $name:literal,)*) => {
        /// A field of an event, or of where it was read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $($(#[$doc])* $field,)*
        }

        impl Field {
            pub const ALL: &'static [Self] = &[$(Self::$field,)*];

            /// As it is typed in a query.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }
        }
    };
}

fields! {
    Event "event",
    Type "type",
    Service "svc",
    User "user",
    UserId "uid",
    Auth "auth",
    Caller "caller",
    Ip "ip",
    Agent "ua",
    /// Fingerprint of the API key.
    Key "key",
    Session "session",
    /// Name of the event's own compartment.
    Compartment "comp",
    CompartmentId "compid",
    Region "region",
    /// The compartment that was asked for.
    Queried "queried",
    AvailabilityDomain "ad",
    Resource "res",
    ResourceId "resid",
    Action "action",
    Path "path",
    Status "status",
    Message "msg",
    Request "req",
    Group "group",
    Id "id",
    Source "src",
}

impl Field {
    /// The field of a name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// The field that holds what stands at a place in the event's JSON; keys in any case, `data.` may be left out.
    pub fn at(keys: &[impl AsRef<str>]) -> Option<Self> {
        let path = keys.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(".");
        let bare = |path: &str| {
            let path = path.to_ascii_lowercase();
            path.strip_prefix("data.").map(str::to_owned).unwrap_or(path)
        };
        Self::ALL.iter().copied().find(|field| field.place().is_some_and(|place| bare(place) == bare(&path)))
    }

    /// Where it stands in the event's JSON; `None` where it is made of something, or of where the event was read.
    pub fn place(self) -> Option<&'static str> {
        Some(match self {
            Self::Event => "data.eventName",
            Self::Type => "eventType",
            Self::Id => "eventId",
            Self::Source => "source",
            Self::Group => "data.eventGroupingId",
            Self::CompartmentId => "data.compartmentId",
            Self::Compartment => "data.compartmentName",
            Self::Resource => "data.resourceName",
            Self::ResourceId => "data.resourceId",
            Self::AvailabilityDomain => "data.availabilityDomain",
            Self::User => "data.identity.principalName",
            Self::UserId => "data.identity.principalId",
            Self::Auth => "data.identity.authType",
            Self::Caller => "data.identity.callerName",
            Self::Ip => "data.identity.ipAddress",
            Self::Agent => "data.identity.userAgent",
            Self::Session => "data.identity.consoleSessionId",
            Self::Request => "data.request.id",
            Self::Action => "data.request.action",
            Self::Path => "data.request.path",
            Self::Status => "data.response.status",
            Self::Message => "data.response.message",
            Self::Service | Self::Key | Self::Region | Self::Queried => return None,
        })
    }

    /// The column that holds it; without one it is read out of the event's bytes.
    pub fn column(self) -> Option<Column> {
        Some(match self {
            Self::Event => Column::Event,
            Self::Service => Column::Service,
            Self::User => Column::User,
            Self::Caller => Column::Caller,
            Self::Ip => Column::Ip,
            Self::Agent => Column::Agent,
            Self::Key => Column::Key,
            Self::Session => Column::Session,
            Self::Compartment => Column::Compartment,
            Self::CompartmentId => Column::CompartmentId,
            Self::Region => Column::Region,
            Self::Queried => Column::Queried,
            Self::Resource => Column::Resource,
            Self::ResourceId => Column::ResourceId,
            Self::Action => Column::Action,
            Self::Path => Column::Path,
            Self::Status => Column::Status,
            Self::Message => Column::Message,
            Self::Type => Column::Type,
            Self::Source => Column::Source,
            Self::UserId => Column::UserId,
            Self::Auth => Column::Auth,
            Self::AvailabilityDomain => Column::AvailabilityDomain,
            Self::Request | Self::Group | Self::Id => return None,
        })
    }

    /// What `record` has there; empty where it has nothing.
    pub fn text<'a>(self, record: &RecordRef<'a>) -> &'a str {
        if let Some(column) = self.column() {
            return column.text(record);
        }
        self.text_of_event(record.fields)
    }

    /// What an event has there, of a field without a column: none of them is about where the event was read.
    pub(super) fn text_of_event<'a>(self, fields: &'a EventFields<'_>) -> &'a str {
        match self {
            Self::Request => &fields.request_id,
            Self::Group => &fields.group,
            Self::Id => &fields.id,
            // The others have a column.
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn names_are_unique_and_found_in_any_case() {
        assert_eq!(Field::at(&["Identity", "ipaddress"]), Some(Field::Ip));
        assert_eq!(Field::at(&["data", "eventName"]), Some(Field::Event));
        assert_eq!(Field::at(&["identity"]), None);
        assert!(Field::ALL.iter().all(|field| Field::named(&field.name().to_uppercase()) == Some(*field)));
    }
}
