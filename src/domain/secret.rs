//! Where in an event credentials stand: header values that authorise or name a principal, `identity.credentials`, and
//! `credentialId` of the first version of the API.

/// Objects that hold some of them; `data.` is left out.
const PARENTS: [&str; 4] = ["data", "identity", "request", "response"];

/// `headers`, `requestHeaders`, and the flat keys of search results such as `data.request.headers.Authorization`.
pub fn is_headers(key: &str) -> bool {
    let key = key.to_lowercase();
    key.ends_with("headers") || key.contains("headers.")
}

/// Whether what stands under this key is a credential. `in_headers`: this key, or one above it, is one of headers.
pub fn is_secret(key: &str, in_headers: bool) -> bool {
    let key = key.to_lowercase();
    let name = key.rsplit('.').next().unwrap_or_default();
    matches!(name, "credentials" | "credentialid" | "credential-id" | "credential_id")
        || in_headers && is_secret_header(name)
}

fn is_secret_header(name: &str) -> bool {
    ["authorization", "principal", "cookie"].iter().any(|word| name.contains(word)) || name.ends_with("token")
}

/// Whether a credential stands at this place, on the way to it or, as is known of events, below it.
pub fn holds_secrets(keys: &[String]) -> bool {
    let mut in_headers = false;
    let on_the_way = keys.iter().any(|key| {
        in_headers |= is_headers(key);
        is_secret(key, in_headers)
    });
    let path = keys.join(".").to_lowercase();
    on_the_way || path.ends_with("headers") || PARENTS.contains(&path.strip_prefix("data.").unwrap_or(&path))
}

#[cfg(test)]
mod tests {
    use super::holds_secrets;

    #[test]
    fn places_of_credentials_are_known_with_what_is_above_and_below_them() {
        let holds = |path: &str| holds_secrets(&path.split('/').map(str::to_owned).collect::<Vec<_>>());
        for path in [
            "data/request/headers/Authorization",
            "request/headers/opc-obo-token",
            "request/headers/Authorization/0",
            "identity/CREDENTIALS",
            "credentialId",
            "data.request.headers.authorization",
            "data/request/headers",
            "data/requestHeaders",
            "data/Request",
            "identity",
            "data",
        ] {
            assert!(holds(path), "{path}");
        }
        for path in ["data/request/headers/Accept", "request/parameters/token", "request/path", "additionalDetails"] {
            assert!(!holds(path), "{path}");
        }
    }
}
