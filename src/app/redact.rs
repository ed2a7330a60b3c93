//! What of an event's document is neither shown nor copied unless asked for whole: credentials.
//!
//! Header values that authorise or name a principal, `identity.credentials` beyond the key's fingerprint, and session
//! tokens (`ST$…`) wherever they stand.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::event::EventFields;
use crate::domain::secret::{is_headers, is_secret};
use crate::domain::text::{LEFT_OUT, without_tokens};

use super::json::{JsonKind, JsonNode, JsonTree};

/// Nodes by number, with the text that stands for them.
pub type Masks = HashMap<usize, String>;

/// Finds what must not be shown: scalars, so that the shape of the document stays. One pass, in document order.
pub fn masks(tree: &JsonTree) -> Masks {
    let mut masks = Masks::new();
    // By depth: whether that level lies in headers.
    let mut in_headers: Vec<bool> = Vec::new();
    // One past the last node of a subtree that is a secret as a whole.
    let mut secret_until = 0;
    for at in 0..tree.len() {
        let Some(node) = tree.get(at) else { break };
        in_headers.truncate(node.depth);
        let key = node.key_text().unwrap_or_default();
        let inside = in_headers.last().copied().unwrap_or_default() || is_headers(&key);
        in_headers.push(inside);
        if is_secret(&key, inside) {
            secret_until = secret_until.max(tree.end(at));
        }
        if let Some(mask) = mask(&node, at < secret_until) {
            masks.insert(at, mask);
        }
    }
    masks
}

fn mask(node: &JsonNode<'_>, secret: bool) -> Option<String> {
    if node.is_container() || is_nothing(node) {
        return None;
    }
    if secret {
        return Some(mask_credentials(node));
    }
    if node.kind != JsonKind::String {
        return None;
    }
    match without_tokens(&node.plain_value()) {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(masked),
    }
}

fn is_nothing(node: &JsonNode<'_>) -> bool {
    node.kind == JsonKind::Null || node.value == "\"\""
}

fn mask_credentials(node: &JsonNode<'_>) -> String {
    let fields = EventFields { credentials: node.plain_value().into(), ..EventFields::default() };
    match fields.key_fingerprint() {
        Some(fingerprint) => format!("{LEFT_OUT} {fingerprint}"),
        None => LEFT_OUT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        let tree = JsonTree::parse(text).unwrap();
        let masks = masks(&tree);
        tree.pretty(|node| masks.get(&node).map(String::as_str))
    }

    #[test]
    fn what_authorises_is_left_out() {
        let text = r#"{"data":{"identity":{"credentials":"ST$eyJhbGciOi"},"request":{"headers":{
            "Authorization":["Signature keyId=\"canary1\""],"OPC-Principal":["{\"canary2\":1}"],
            "opc-obo-principal":["canary3"],"Accept":["*/*"],"x":[{"cookie":"canary4"}]}},
            "note":"see ST$canary5.x-y_z, and ST$canary6"}}"#;
        let printed = printed(text);
        assert!(!printed.contains("canary") && !printed.contains("eyJ"), "{printed}");
        assert!(printed.contains("*/*") && printed.contains("see [left out], and [left out]"), "{printed}");
    }

    #[test]
    fn the_fingerprint_of_a_key_stays() {
        let print = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
        let printed = printed(&format!(r#"{{"identity":{{"credentials":"ocid1.tenancy/ocid1.user/{print}"}}}}"#));
        assert!(printed.contains(&format!("[left out] {print}")) && !printed.contains("ocid1.user"), "{printed}");
    }

    #[test]
    fn flat_keys_are_headers_too() {
        let printed =
            printed(r#"{"data.request.headers.authorization":["canary"],"data.identity.credentials":"canary"}"#);
        assert!(!printed.contains("canary"), "{printed}");
    }

    #[test]
    fn the_published_sample_keeps_its_other_headers() {
        let sample = include_str!("../../tests/fixtures/events/v2-create-vcn-denied.json");
        let printed = printed(sample);
        assert!(!printed.contains("Signature keyId") && !printed.contains("\"ABCDEF0123456789\""));
        assert!(printed.contains("opc-request-id") && printed.contains("Mozilla/5.0"));
    }
}
