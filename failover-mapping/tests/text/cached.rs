//! Answers that are used again, and old ones when everybody has failed.

use std::time::Duration;

use failover_core::Freshness;
use failover_mapping::text::{Ask, Awaited, Message};

use crate::scene::{Scene, builder, done, refuses};

const HOUR: Duration = Duration::from_secs(3_600);

fn asked(scene: &Scene) -> Ask<'_, Awaited<&Scene, &Scene>> {
    scene.text().model("gpt-4o").prompt("hello").cached()
}

#[test]
fn an_answer_is_used_again_for_an_hour_and_serves_for_a_day_after() {
    let scene = Scene::whole();
    let first = done(asked(&scene).ask()).unwrap();
    assert_eq!(first.cached, None);
    scene.pass(HOUR / 2);
    let again = done(asked(&scene).ask()).unwrap();
    let cached = again.cached.unwrap();
    assert_eq!((cached.age, cached.stale, again.text.as_str()), (HOUR / 2, false, first.text.as_str()));
    assert_eq!((again.usage, again.provider, scene.hosts().len()), (first.usage, first.provider, 1));

    scene.pass(HOUR);
    scene.all_say(&refuses(503, "overloaded", "later"));
    let stale = done(asked(&scene).ask()).unwrap();
    assert!(stale.cached.is_some_and(|cached| cached.stale) && stale.text == first.text);
    assert_eq!((stale.report.attempts.len(), scene.hosts().len()), (3, 4), "all were asked before");

    scene.heal();
    assert_eq!(done(asked(&scene).ask()).unwrap().cached, None, "one that is not fresh is asked for");
    scene.all_say(&refuses(503, "overloaded", "later"));
    scene.pass(26 * HOUR);
    done(asked(&scene).ask()).unwrap_err();
}

#[test]
fn a_refusal_is_the_answer_whatever_lies_there() {
    let scene = Scene::whole();
    done(asked(&scene).ask()).unwrap();
    scene.pass(2 * HOUR);
    scene.always("openai", refuses(400, "content_policy_violation", "not allowed"));
    done(asked(&scene).ask()).unwrap_err();
}

#[test]
fn any_other_question_is_another() {
    let scene = Scene::whole();
    done(asked(&scene).ask()).unwrap();
    let others = [
        scene.text().model("gpt-4o").prompt("hello!").cached(),
        scene.text().model("gpt-4o-mini").prompt("hello").cached(),
        asked(&scene).max_tokens(5),
        asked(&scene).temperature(0.5),
        asked(&scene).stop(["hello"]),
        scene.text().model("gpt-4o").system("hello").prompt("hello").cached(),
        scene
            .text()
            .model("gpt-4o")
            .messages([Message::user("hello"), Message::assistant("hello"), Message::user("hello")])
            .cached(),
        asked(&scene).order([failover_mapping::ProviderName::OpenAi]),
    ];
    for (number, other) in others.into_iter().enumerate() {
        assert_eq!(done(other.ask()).unwrap().cached, None, "number {number}");
    }
    // How long it may take, and how they are asked, changes no answer.
    for same in [asked(&scene).deadline(HOUR), asked(&scene).by_health(), asked(&scene).retries(3)] {
        assert!(done(same.ask()).unwrap().cached.is_some());
    }
}

#[test]
fn without_the_wish_nothing_is_kept_or_looked_for() {
    let scene = Scene::whole();
    for _ in 0..2 {
        let text = done(scene.text().model("gpt-4o").prompt("hello").ask()).unwrap();
        assert_eq!(text.cached, None);
    }
    assert_eq!(done(asked(&scene).ask()).unwrap().cached, None);
}

#[test]
fn for_how_long_say_the_settings_or_the_caller() {
    let minute = Duration::from_secs(60);
    let scene = Scene::new(builder().cache(Freshness::new(minute)));
    done(asked(&scene).ask()).unwrap();
    scene.pass(2 * minute);
    let longer = || scene.text().model("gpt-4o").prompt("hello").cached_for(Freshness::new(HOUR));
    assert!(done(longer().ask()).unwrap().cached.is_some(), "all share one content");
    assert_eq!(done(asked(&scene).ask()).unwrap().cached, None);
}

/// What is asked for first differs, so whether the answer is a variant does.
#[test]
fn a_cached_answer_tells_of_this_question_whether_it_is_a_variant() {
    use failover_mapping::ProviderName::{Anthropic, OpenAi};
    let builder = builder()
        .fallbacks("gpt-4o", ["anthropic/claude-sonnet-4-6"])
        .fallbacks("claude-sonnet-4-6", ["openai/gpt-4o"]);
    let scene = Scene::new(builder);
    scene.heal();
    let ask = |model| {
        done(scene.text().model(model).prompt("hello").order([Anthropic, OpenAi]).cached().ask()).unwrap()
    };
    let (own, stands_in) = (ask("claude-sonnet-4-6"), ask("gpt-4o"));
    assert_ne!(own.substitution, stands_in.substitution, "gpt-4o was asked for, {} wrote", stands_in.model);
}
