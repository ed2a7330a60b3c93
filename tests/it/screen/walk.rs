//! The walk of docs/walk.md, key by key.

use super::Start;

/// More keys than these nobody remembers.
const MOST: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stole_the_key_is_found_in_a_few_presses() {
    let text = include_str!("../../../docs/walk.md");
    let block = text.split("```").nth(1).and_then(|block| block.strip_prefix("walk\n")).expect("a block of steps");
    let mut screen = Start { hours: 24, demo: true, ..Start::of("demo") }.loaded().await;
    assert!(screen.text().contains("Somebody has stolen an API key"), "{}", screen.text());
    let mut pressed = 0;
    for step in block.lines() {
        let parts: Vec<&str> = step.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
        let [keys, seen, _] = parts.as_slice() else { panic!("keys, what is seen, and why: {step}") };
        for key in keys.split(' ') {
            screen = screen.keys(key).await;
            pressed += 1;
        }
        assert!(screen.text().contains(seen), "{step}\n{}", screen.text());
    }
    assert!(pressed < MOST, "{pressed}");
    // Whose, from where, what was opened, what was taken: all of it on the last screen.
    for word in ["alice@acme.com", "UpdateSecurityList", "web-sl", "CreatePreauthenticated", "backups-prod"] {
        assert!(screen.text().contains(word), "{word}\n{}", screen.text());
    }
}
