//! Agents that are set up in a way of their own: a proxy, a cookie. All of that is for the asked provider.

use failover_testkit::{Provider, Reply};
use failover_ureq::ProviderName;
use ureq::{Agent, Proxy, ResponseExt};

use crate::scene::{FAL_KEY, FLUX_DEV, Scene, prompt, provenance, served_by};

#[test]
fn the_callers_proxy_carries_the_callers_request_only() {
    let (scene, proxy) = (Scene::new(), Provider::fal());
    proxy.always(Reply::status(503));
    let failover = scene.failover(scene.builder().provider_url(ProviderName::Fal, "http://fal.test"));
    let config = Agent::config_builder().middleware(failover).proxy(Some(Proxy::new(&proxy.url()).unwrap()));
    let agent: Agent = config.build().into();
    let url = format!("http://fal.test{FLUX_DEV}");
    let answer = agent.post(&url).header("Authorization", FAL_KEY).send_json(prompt()).unwrap();
    assert_eq!((served_by(&answer), answer.get_uri().to_string()), (Some("nexaapi"), url));
    assert_eq!(provenance(&answer).attempts.len(), 2);
    assert_eq!((proxy.count(), scene.counts()), (1, [0, 0, 1]));
    let stood_in = scene.nexa.seen().pop().unwrap();
    assert!(!stood_in.mentions("fal-secret"));
}

#[test]
fn what_an_agent_says_of_itself_stays_with_the_asked_provider() {
    let scene = Scene::new();
    scene.fal.always(Reply::status(503));
    let config = Agent::config_builder().middleware(scene.failover(scene.builder())).user_agent("caller/9");
    let agent: Agent = config.build().into();
    let request = agent.post(format!("{}{FLUX_DEV}", scene.fal.url())).header("Authorization", FAL_KEY);
    let answer = request.header("Cookie", "session=fal-session-0004").send_json(prompt()).unwrap();
    assert_eq!(served_by(&answer), Some("nexaapi"));
    let (asked, stood_in) = (scene.fal.seen().pop().unwrap(), scene.nexa.seen().pop().unwrap());
    for own in ["caller/9", "fal-session-0004", FAL_KEY] {
        assert!(asked.mentions(own) && !stood_in.mentions(own), "{own}");
    }
}
