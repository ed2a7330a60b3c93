//! The keys of an event that are read, once for both ways of reading: [`one_pass`](super::one_pass) and
//! [`lenient`](super::lenient).

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess};

use super::EventFields;
use super::scan::Scan;

/// A block, or nothing where something else than an object stands.
#[derive(Default)]
pub(super) struct Lax<T>(pub(super) T);

/// A string; numbers and booleans by their text, nothing for null, arrays and objects.
#[derive(Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// An object of the event, read key by key.
pub(super) trait Block<'de>: Default {
    fn read<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// The same in one pass: `None` where it gives up, as for a key that stands twice.
    fn scan(&mut self, key: &str, scan: &mut Scan<'de>) -> Option<()>;
}

/// The keys we know, read leniently, and whether one of them stood there twice.
macro_rules! block {
    ($name:ident { $($key:literal => $field:ident: $kind:ident $(<$inner:ident>)?,)* }) => {
        #[derive(Default)]
        pub(super) struct $name<'a> {
            $($field: Option<block!(@type 'a $kind $($inner)?)>,)*
            duplicate: bool,
        }

        impl<'de> Block<'de> for $name<'de> {
            fn read<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
                match key {
                    $($key => {
                        self.duplicate |= self.$field.is_some();
                        self.$field = Some(map.next_value()?);
                    })*
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }

            fn scan(&mut self, key: &str, scan: &mut Scan<'de>) -> Option<()> {
                match key {
                    $($key if self.$field.is_some() => return None,
                    $key => self.$field.insert($kind::default()).scan(scan)?,)*
                    _ => scan.skip()?,
                }
                Some(())
            }
        }
    };
    (@type $life:lifetime Text) => { Text<$life> };
    (@type $life:lifetime Lax $inner:ident) => { Lax<$inner<$life>> };
}

block!(Envelope {
    "eventId" => id: Text,
    "eventTime" => time: Text,
    "eventType" => event_type: Text,
    "source" => source: Text,
    "data" => data: Lax<Data>,
});

block!(Data {
    "eventGroupingId" => group: Text,
    "eventName" => event_name: Text,
    "compartmentId" => compartment_id: Text,
    "compartmentName" => compartment_name: Text,
    "resourceName" => resource_name: Text,
    "resourceId" => resource_id: Text,
    "availabilityDomain" => availability_domain: Text,
    "identity" => identity: Lax<Identity>,
    "request" => request: Lax<Request>,
    "response" => response: Lax<Response>,
    "message" => message: Text,
});

block!(Identity {
    "principalName" => principal_name: Text,
    "principalId" => principal_id: Text,
    "authType" => auth_type: Text,
    "callerName" => caller_name: Text,
    "tenantId" => tenant_id: Text,
    "ipAddress" => ip_address: Text,
    "userAgent" => user_agent: Text,
    "credentials" => credentials: Text,
    "consoleSessionId" => session: Text,
});

block!(Request {
    "id" => id: Text,
    "path" => path: Text,
    "action" => action: Text,
});

block!(Response {
    "status" => status: Text,
    "responseTime" => time: Text,
    "message" => message: Text,
});

impl<'a> Envelope<'a> {
    #[inline]
    pub(super) fn into_fields(self) -> EventFields<'a> {
        let data = self.data.unwrap_or_default().0;
        let identity = data.identity.unwrap_or_default().0;
        let request = data.request.unwrap_or_default().0;
        let response = data.response.unwrap_or_default().0;
        let text = |field: Option<Text<'a>>| field.unwrap_or_default().0;
        let message = text(response.message);
        EventFields {
            id: text(self.id),
            time_text: text(self.time),
            time: None,
            event_type: text(self.event_type),
            source: text(self.source),
            event_name: text(data.event_name),
            group: text(data.group),
            compartment_id: text(data.compartment_id),
            compartment_name: text(data.compartment_name),
            resource_name: text(data.resource_name),
            resource_id: text(data.resource_id),
            availability_domain: text(data.availability_domain),
            principal_name: text(identity.principal_name),
            principal_id: text(identity.principal_id),
            auth_type: text(identity.auth_type),
            caller_name: text(identity.caller_name),
            tenant_id: text(identity.tenant_id),
            ip_address: text(identity.ip_address),
            user_agent: text(identity.user_agent),
            credentials: text(identity.credentials),
            session: text(identity.session),
            request_id: text(request.id),
            path: text(request.path),
            action: text(request.action),
            status: text(response.status),
            response_time: text(response.time),
            message: if message.trim().is_empty() { text(data.message) } else { message },
        }
    }

    pub(super) fn has_duplicate(&self) -> bool {
        let data = self.data.as_ref().map(|lax| &lax.0);
        self.duplicate
            || data.is_some_and(|data| {
                data.duplicate
                    || data.identity.as_ref().is_some_and(|lax| lax.0.duplicate)
                    || data.request.as_ref().is_some_and(|lax| lax.0.duplicate)
                    || data.response.as_ref().is_some_and(|lax| lax.0.duplicate)
            })
    }
}
