//! What tells one answer from another.

use failover_mapping::cache::Freshness;
use failover_mapping::{Builder, Config, ProviderName};

use crate::scene::{PICTURE, Request, SECOND, Scene, fal, keeping, made};
use crate::stage::{headers, status};
use crate::stores::Shared;

#[test]
fn another_model_prompt_or_url_is_another_answer() {
    let scene = Scene::new();
    scene.ask(&fal(), made(), status(500));
    let model = Request { url: "https://fal.run/fal-ai/flux/schnell", ..fal() };
    let prompt = Request { body: r#"{"prompt":"a dog"}"#, ..fal() };
    let backup = Request { url: "https://falrun.com/fal-ai/flux/dev", ..fal() };
    for other in [model, prompt, backup] {
        assert!(!scene.has(&other), "{} {}", other.url, other.body);
    }
    assert!(scene.has(&Request { body: "{ \"prompt\" : \"a cat\" }", ..fal() }), "the same JSON");
}

#[test]
fn nobody_is_served_what_was_made_for_another() {
    let scene = Scene::new();
    scene.ask(&fal(), made(), status(500));
    let others: [&[(&str, &str)]; 5] = [
        &[("authorization", "Key yours")],
        &[("authorization", "Key mine"), ("authorization", "Key yours")],
        &[("authorization", "Key mine"), ("cookie", "sid=yours")],
        &[("authorization", "Key mine"), ("x-tenant", "yours")],
        &[],
    ];
    for other in others {
        assert!(!scene.has(&Request { headers: headers(other), ..fal() }), "{other:?}");
    }
    let again = headers(&[("user-agent", "other/2"), ("authorization", "Key mine"), ("traceparent", "00-1")]);
    assert!(scene.has(&Request { headers: again, ..fal() }));
}

/// A client that adds its key behind us, as a default header say, looks like any other that does.
#[test]
fn a_request_without_a_credential_of_its_own_has_no_part_in_it() {
    let scene = Scene::new();
    let bare = || Request { headers: headers(&[("content-type", "application/json")]), ..fal() };
    scene.ask(&bare(), made(), status(500));
    assert!(!scene.has(&bare()));
    scene.pass(61 * SECOND);
    assert!(scene.fail(&bare()).made.is_none());
}

#[test]
fn other_stand_ins_settings_or_data_are_other_answers() {
    let store = Shared::default();
    let with = |change: fn(Builder<Config>) -> Builder<Config>| {
        let scene = Scene::of(change(keeping().cache_store(store.clone())));
        let has = scene.has(&fal());
        scene.ask(&fal(), made(), status(500));
        assert!(scene.has(&fal()), "its own");
        has
    };
    assert!(!with(|it| it), "the first");
    assert!(with(|it| it), "the same in another process");
    let changes: [fn(Builder<Config>) -> Builder<Config>; 7] = [
        |it| it.nexa_base_url("https://other.example"),
        |it| it.nexa_base_url("https://api.nexa-api.com/prefix"),
        |it| {
            let both = it.key(ProviderName::Replicate, "token");
            both.stand_ins([ProviderName::Nexa, ProviderName::Replicate])
        },
        |it| it.variants(false),
        |it| it.losses(false),
        |it| it.nexa_dialect(failover_mapping::Dialect::Sdk),
        |it| {
            let row =
                "[[models]]\nid = \"acme/x\"\nmodel = \"flux-dev\"\ntask = \"image\"\nanswer = \"flux\"";
            it.data(ProviderName::Fal, "acme.toml", row)
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert!(!with(change), "change {number}");
    }
    // What has nothing to do with the content.
    assert!(with(|it| it.cache(Freshness::new(10 * SECOND)).deadline(9 * SECOND).nexa_api_key("another")));
}

#[test]
fn neither_keys_nor_prompts_can_be_read_from_a_key() {
    let store = Shared::default();
    let scene = Scene::of(keeping().cache_store(store.clone()));
    scene.ask(&fal(), made(), status(500));
    let keys = store.keys();
    let [key] = &keys[..] else { panic!("{keys:?}") };
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let record = store.records().concat();
    for secret in ["mine", crate::stage::KEY, "a cat", PICTURE] {
        assert!(!String::from_utf8_lossy(&record).contains(secret), "{secret}");
    }
}
