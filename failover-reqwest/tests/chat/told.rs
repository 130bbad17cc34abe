//! What is told of a stream: in its head, to the observer at its end, and as it happens.

use std::sync::{Arc, Mutex};

use failover_reqwest::observe::Event;
use failover_reqwest::{Builder, Failover, Fault, Provenance, StreamPolicy};
use failover_testkit::Reply;

use crate::scene::{CALLERS_KEY, Scene, Side, client};

/// What was told, without times: those are real here.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn listen(&self, builder: Builder<Failover>) -> Builder<Failover> {
        let heard = self.clone();
        builder.on_event(move |event| heard.0.lock().unwrap().push(line(event)))
    }

    fn take(&self) -> Vec<String> {
        self.0.lock().unwrap().drain(..).collect()
    }
}

fn line(event: &Event<'_>) -> String {
    match event {
        Event::Started { by, attempt, .. } => format!("{by}: attempt {attempt}"),
        Event::Ended { by, status, outcome, maybe_billed, .. } => {
            let billed = if *maybe_billed { ", maybe billed" } else { "" };
            format!("{by}: {outcome} {}{billed}", status.unwrap_or_default())
        }
        Event::Breaker { domain, change, .. } => format!("{domain}: {}", change.state()),
        Event::HandedOn { by, .. } => format!("{by}: handed on"),
        Event::FailedOver { asked, by, .. } => format!("{asked}: failed over to {by}"),
        Event::Unserved { asked, .. } => format!("{asked}: nobody served"),
        other => other.to_string(),
    }
}

const GPT: &str = "openai gpt-4o";
const CLAUDE: &str = "anthropic claude-sonnet-4-5";

async fn told(reply: Reply, policy: StreamPolicy) -> (Scene, Vec<String>) {
    let (scene, heard) = (Scene::new(), Heard::default());
    scene.openai.always(reply);
    let client = client(heard.listen(scene.patient().stream_policy(policy).text_retries(0)));
    let response = scene.stream(Side::OpenAi, &client).await.unwrap();
    // A stream that is held back is complete when it is handed on.
    if policy != StreamPolicy::Buffer {
        assert_eq!(heard.take(), [format!("{GPT}: attempt 1")]);
        assert_eq!(scene.told_times(), 0);
    }
    Side::OpenAi.read(response).await;
    (scene, heard.take())
}

#[tokio::test]
async fn a_healthy_stream_is_handed_on_at_its_end() {
    for policy in StreamPolicy::ALL {
        let (scene, told) = told(Reply::healthy(), policy).await;
        let ends = [format!("{GPT}: answered 200"), format!("{GPT}: handed on")];
        assert!(told.ends_with(&ends), "{policy}: {told:?}");
        assert_eq!(scene.told_times(), 0);
    }
}

#[tokio::test]
async fn a_broken_stream_is_told_with_what_it_may_cost() {
    let broken = Reply::healthy().cut_after_tokens(10);
    let (scene, events) = told(broken.clone(), StreamPolicy::Error).await;
    let ends = [format!("{GPT}: answer cut off 200, maybe billed"), format!("{GPT}: nobody served")];
    assert_eq!(events, ends);
    assert_eq!(scene.told_times(), 1);
    let history = scene.told();
    assert!(history.maybe_billed && history.served.is_none());
    assert_eq!((history.attempts.len(), history.attempts[0].fault), (1, Some(Fault::Cut)));
    assert_eq!(history.attempts[0].status, Some(200));

    let (scene, events) = told(broken, StreamPolicy::Restart).await;
    let ends = [
        format!("{GPT}: answer cut off 200, maybe billed"),
        format!("{CLAUDE}: attempt 2"),
        format!("{CLAUDE}: answered 200"),
        format!("{GPT}: failed over to {CLAUDE}"),
    ];
    assert_eq!(events, ends);
    assert_eq!(scene.told_times(), 1);
    let history = scene.told();
    assert_eq!(history.attempts.len(), 2);
    assert!(history.maybe_billed && history.served.is_some());
}

/// The head says what is known when it begins, once; the observer has the rest.
#[tokio::test]
async fn the_head_of_a_stand_ins_stream() {
    for side in Side::BOTH {
        for policy in StreamPolicy::ALL {
            // At once in one piece, or token by token.
            for way in [Reply::healthy(), Reply::healthy().chunks_of(1 << 20)] {
                let scene = Scene::new();
                scene.own(side).always(Reply::status(503));
                scene.other(side).always(way);
                let client = client(scene.patient().stream_policy(policy).text_retries(0));
                let response = scene.stream(side, &client).await.unwrap();
                let said =
                    |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                let (own, other) = (side.name(), side.other().name());
                assert_eq!(said("x-failover-served-by").as_deref(), Some(other));
                assert_eq!(said("x-failover-model").as_deref(), Some(side.other().model()));
                assert_eq!(said("x-failover-attempts"), Some(format!("{own} 503, {other} 200")), "{policy}");
                assert_eq!(said("x-should-retry"), None);
                assert_eq!(said("cache-control").as_deref(), Some("no-cache"));
                let known: Provenance = response.extensions().get::<Provenance>().unwrap().clone();
                assert_eq!(known.attempts.len(), 2);
                assert!(response.url().as_str().starts_with(&scene.own(side).url()));
                assert!(side.read(response).await.complete);
                assert_eq!(scene.told_times(), 1);
                let history = scene.told();
                assert_eq!(history.attempts.len(), 2);
                assert_eq!(history.served, known.served);
                assert!(!format!("{history:?} {history}").contains(CALLERS_KEY));
            }
        }
    }
}

/// Also where the asked provider itself serves, but not at once.
#[tokio::test]
async fn the_head_of_a_repeat() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        scene.openai.script([Reply::status(500)]);
        let client = client(scene.patient().stream_policy(policy));
        let response = scene.stream(Side::OpenAi, &client).await.unwrap();
        assert_eq!(response.headers()["x-failover-attempts"], "openai 500, openai 200");
        // Its own head is there as well.
        assert!(response.headers().contains_key("x-request-id"));
        let known = response.extensions().get::<Provenance>().unwrap().clone();
        assert_eq!(known.attempts.len(), 2);
        assert!(Side::OpenAi.read(response).await.complete);
        assert_eq!((scene.told_times(), scene.told().attempts.len()), (1, 2));
    }
}

/// An untouched stream bears no mark, and its provider's own headers.
#[tokio::test]
async fn the_head_of_a_healthy_stream() {
    for policy in StreamPolicy::ALL {
        let scene = Scene::new();
        let response = scene.stream(Side::OpenAi, &scene_client(&scene, policy)).await.unwrap();
        assert!(
            !response.headers().keys().any(|name| name.as_str().starts_with("x-failover")),
            "{response:?}"
        );
        assert!(response.headers().contains_key("x-request-id"));
        assert!(response.extensions().get::<Provenance>().is_none());
        assert!(Side::OpenAi.read(response).await.complete);
        assert_eq!(scene.told_times(), 0);
    }
}

fn scene_client(scene: &Scene, policy: StreamPolicy) -> reqwest_middleware::ClientWithMiddleware {
    client(scene.patient().stream_policy(policy))
}
