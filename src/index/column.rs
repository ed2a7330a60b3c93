//! Which fields of an event have a column, and what stands in it.

use crate::domain::event::EventFields;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;

/// One event as decoded, and where it was read: all that a filter may ask about.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    pub fields: &'a EventFields<'a>,
    pub region: &'a RegionId,
    /// The compartment queried; the event's own is a field.
    pub queried: &'a Ocid,
    /// Whether we made this call ourselves; see [`Flags::OWN`](crate::domain::event::Flags::OWN).
    pub own: bool,
}

/// A field kept as a code per row. Fields with a value of their own in nearly every event (event id, request id,
/// grouping id) have no column; they are read out of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Column {
    Event,
    Service,
    /// `eventType`.
    Type,
    Source,
    User,
    UserId,
    /// `identity.authType`.
    Auth,
    Caller,
    Ip,
    Agent,
    Key,
    Session,
    Resource,
    ResourceId,
    /// The name of the event's own compartment.
    Compartment,
    CompartmentId,
    AvailabilityDomain,
    Action,
    Path,
    /// As text, because not every source sends a number.
    Status,
    Message,
    Region,
    /// The compartment queried.
    Queried,
}

impl Column {
    pub const COUNT: usize = 23;

    pub const ALL: [Self; Self::COUNT] = [
        Self::Event,
        Self::Service,
        Self::Type,
        Self::Source,
        Self::User,
        Self::UserId,
        Self::Auth,
        Self::Caller,
        Self::Ip,
        Self::Agent,
        Self::Key,
        Self::Session,
        Self::Resource,
        Self::ResourceId,
        Self::Compartment,
        Self::CompartmentId,
        Self::AvailabilityDomain,
        Self::Action,
        Self::Path,
        Self::Status,
        Self::Message,
        Self::Region,
        Self::Queried,
    ];

    pub fn index(self) -> usize {
        self as usize
    }

    /// What stands in this column for `record`; empty where the event has nothing.
    pub fn text<'a>(self, record: &RecordRef<'a>) -> &'a str {
        let fields = record.fields;
        match self {
            Self::Event => fields.name(),
            Self::Service => fields.service(),
            Self::Type => &fields.event_type,
            Self::Source => &fields.source,
            Self::User => &fields.principal_name,
            Self::UserId => &fields.principal_id,
            Self::Auth => &fields.auth_type,
            Self::Caller => &fields.caller_name,
            Self::Ip => &fields.ip_address,
            Self::Agent => &fields.user_agent,
            Self::Key => fields.key_fingerprint().unwrap_or_default(),
            Self::Session => &fields.session,
            Self::Resource => &fields.resource_name,
            Self::ResourceId => &fields.resource_id,
            Self::Compartment => &fields.compartment_name,
            Self::CompartmentId => &fields.compartment_id,
            Self::AvailabilityDomain => &fields.availability_domain,
            Self::Action => &fields.action,
            Self::Path => &fields.path,
            Self::Status => fields.status.trim(),
            Self::Message => &fields.message,
            Self::Region => record.region.as_str(),
            Self::Queried => record.queried.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Column;

    #[test]
    fn columns_are_numbered_as_listed() {
        assert!(Column::ALL.iter().enumerate().all(|(place, column)| column.index() == place));
    }
}
