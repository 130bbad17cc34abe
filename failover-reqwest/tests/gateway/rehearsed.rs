//! The providers of `--rehearse`: whoever is asked is down, and is answered for.

use serde_json::json;

use crate::rehearsal::Rehearsal;
use crate::scene::{Running, claude, gpt, served_by};

#[tokio::test]
async fn everybody_is_answered_for() {
    let rehearsal = Rehearsal::new();
    let gateway = Running::new(rehearsal.builder(), |_| {}).await;
    // However often: the one of them that is down is no reason to leave the one alone that is well.
    let mut sonnet = claude(true);
    sonnet["model"] = "claude-sonnet-4-6".into();
    for _ in 0..4 {
        assert_eq!(served_by(&gateway.openai(&gpt(false)).await), Some("anthropic"));
        assert_eq!(served_by(&gateway.anthropic(&sonnet).await), Some("openai"));
    }
    for (path, body) in [
        ("/fal/fal-ai/flux/dev", json!({ "prompt": "a cat" })),
        ("/queue/fal-ai/flux/dev", json!({ "prompt": "a cat" })),
        (
            "/replicate/v1/models/black-forest-labs/flux-schnell/predictions",
            json!({ "input": { "prompt": "a cat" } }),
        ),
    ] {
        let response = gateway.post(path, &body).bearer_auth("any").send().await.unwrap();
        assert_eq!(served_by(&response), Some("nexaapi"), "{path}");
    }
}
