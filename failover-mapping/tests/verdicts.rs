//! What each answer of each provider means: which failures are triggers, which hints are heard, who gets what.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::time::Duration;

use failover_core::{Fault, Finish, Outcome};
use failover_mapping::Triggers;
use http::HeaderMap;
use stage::{GOOD, Played, Says, builder, config, fal, fleet, headers, ok, play, status};

const BODY: &[u8] = br#"{"prompt":"a cat"}"#;

fn primary(config: &failover_mapping::Config, says: Says) -> Played {
    play(config, &fleet(config), (&fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY), &[says], &[ok(GOOD)])
        .unwrap()
}

fn stand_in(says: Says) -> Played {
    let config = builder().stand_in_attempts(1).build().unwrap();
    play(
        &config,
        &fleet(&config),
        (&fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY),
        &[status(500)],
        &[says],
    )
    .unwrap()
}

fn said(code: u16, pairs: &[(&str, &str)]) -> Says {
    Says::Answer(code, headers(pairs), Vec::new())
}

#[test]
fn triggers_are_answered_by_the_stand_in() {
    for (code, fault) in [
        (429, Fault::Throttled),
        (500, Fault::Broken),
        (502, Fault::Gateway),
        (503, Fault::Overloaded),
        (504, Fault::Gateway),
        (529, Fault::Overloaded),
    ] {
        let played = primary(&config(), status(code));
        assert_eq!(played.judged, [Outcome::from(fault)], "{code}");
        assert!(played.answer.is_some() && matches!(played.finish, Finish::Served(_)), "{code}");
        assert_eq!(played.provenance.unwrap().status, Some(code));
    }
    for fault in [Fault::Connect, Fault::Reset, Fault::Timeout] {
        let played = primary(&config(), Says::Nothing(fault));
        assert_eq!(played.judged, [Outcome::from(fault)]);
        assert!(played.answer.is_some());
    }
}

#[test]
fn everything_else_is_handed_on_untouched() {
    for code in [200, 201, 204, 302, 400, 401, 402, 403, 404, 408, 409, 422, 501, 530] {
        let played = primary(&config(), status(code));
        assert!(played.sent.is_empty() && played.answer.is_none() && played.provenance.is_none(), "{code}");
        let expected = if code < 400 { Outcome::Answered } else { Fault::InvalidRequest.into() };
        assert_eq!(played.judged, [expected], "{code}");
    }
}

#[test]
fn the_callers_own_deadline_is_handed_on() {
    let user = said(504, &[("x-fal-request-timeout-type", "user")]);
    let played = primary(&config(), user.clone());
    assert_eq!(played.judged, [Outcome::from(Fault::CallerDeadline)]);
    assert!(played.sent.is_empty() && played.provenance.is_none());

    let other = primary(&config(), said(504, &[("x-fal-request-timeout-type", "infrastructure")]));
    assert!(other.answer.is_some());

    let config = config();
    let (uri, body) = (stage::replicate("black-forest-labs/flux-dev"), br#"{"input":{"prompt":"a cat"}}"#);
    let played = play(&config, &fleet(&config), (&uri, &stage::wait(), body), &[user], &[ok(GOOD)]).unwrap();
    assert!(played.answer.is_some(), "the header is FAL's alone");
}

#[test]
fn triggers_are_the_users_to_set() {
    let with = |triggers| builder().triggers(triggers).build().unwrap();
    let only_402 = with(Triggers::default().statuses([402, 418]));
    assert_eq!(primary(&only_402, status(402)).judged, [Outcome::from(Fault::OutOfCredit)]);
    assert_eq!(primary(&only_402, status(418)).judged, [Outcome::from(Fault::Unsupported)]);
    assert!(primary(&only_402, status(418)).answer.is_some());
    assert!(primary(&only_402, status(429)).provenance.is_none());
    for (triggers, fault) in [
        (Triggers::default().connect(false), Fault::Connect),
        (Triggers::default().reset(false), Fault::Reset),
        (Triggers::default().reset(false), Fault::Cut),
        (Triggers::default().timeout(false), Fault::Timeout),
    ] {
        let played = primary(&with(triggers), Says::Nothing(fault));
        assert_eq!(played.judged, [Outcome::from(Fault::InvalidRequest)], "{fault}");
        assert!(played.sent.is_empty() && played.provenance.is_none());
    }
}

#[test]
fn hints_are_heard_and_nonsense_is_not() {
    let hint = |pairs: &[(&str, &str)]| match primary(&config(), said(429, pairs)).judged[0] {
        Outcome::Failed { retry_after, .. } => retry_after,
        other => panic!("{other:?}"),
    };
    let after = |text| hint(&[("retry-after", text)]);
    let day = Some(Duration::from_secs(86_400));
    assert_eq!(after("7"), Some(Duration::from_secs(7)));
    assert_eq!(after(" 7 "), Some(Duration::from_secs(7)));
    assert_eq!(
        after("1.5"),
        Some(Duration::from_millis(1500)),
        "as the clients of OpenAI and Anthropic read it"
    );
    assert_eq!(after("99999999999999999999.5"), day);
    assert_eq!(after("Fri, 20 Nov 2026 23:00:30 GMT"), Some(Duration::from_secs(30)));
    assert_eq!(after("Friday, 20-Nov-26 23:00:30 GMT"), Some(Duration::from_secs(30)));
    assert_eq!(after("999999999999999999999999"), day);
    assert_eq!(after("99999999"), day);
    assert_eq!(after("Fri, 31 Dec 9999 23:59:59 GMT"), day);
    for nonsense in [
        "0",
        "-5",
        "0.0",
        "-1.5",
        "1e3",
        ".5",
        "7.",
        "1.5.2",
        "+7",
        "NaN",
        "inf",
        "",
        "soon",
        "7 s",
        "Fri, 20 Nov 2026 22:00:00 GMT",
    ] {
        assert_eq!(after(nonsense), None, "{nonsense}");
    }
    assert_eq!(hint(&[("retry-after-ms", "1500"), ("retry-after", "7")]), Some(Duration::from_millis(1500)));
    assert_eq!(hint(&[("retry-after-ms", "1.5")]), Some(Duration::from_micros(1500)));
    assert_eq!(hint(&[("retry-after-ms", "999999999999")]), day);
    assert_eq!(hint(&[("retry-after-ms", "0"), ("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(hint(&[("retry-after-ms", "-1"), ("retry-after", "7")]), Some(Duration::from_secs(7)));
}

#[test]
fn a_stand_ins_refusal_never_reaches_the_caller() {
    for (code, fault) in [
        (301, Fault::Unsupported),
        (307, Fault::Unsupported),
        (400, Fault::Unsupported),
        (401, Fault::Unauthenticated),
        (402, Fault::OutOfCredit),
        (403, Fault::Unauthenticated),
        (404, Fault::Unsupported),
        (422, Fault::Unsupported),
        (429, Fault::Throttled),
        (500, Fault::Broken),
        (501, Fault::Gateway),
        (520, Fault::Gateway),
        (502, Fault::Gateway),
        (503, Fault::Overloaded),
        (504, Fault::Gateway),
        (529, Fault::Overloaded),
    ] {
        let played = stand_in(status(code));
        let provenance = played.provenance.unwrap();
        let attempts: Vec<_> =
            provenance.attempts.iter().map(|attempt| (attempt.status, attempt.fault)).collect();
        assert_eq!(attempts, [(Some(500), Some(Fault::Broken)), (Some(code), Some(fault))]);
        assert!(played.answer.is_none() && provenance.served.is_none(), "{code}");
        assert!(matches!(played.finish, Finish::Failed(_)), "{code}: {:?}", played.finish);
        assert_eq!(provenance.status, Some(500), "the asked provider's");
    }
    let played = stand_in(Says::Nothing(Fault::InvalidRequest));
    assert_eq!(played.provenance.unwrap().attempts[1].fault, Some(Fault::Unsupported));
}

/// Whatever is a trigger, the fault behind it is the one in the provider's rows.
#[test]
fn statuses_mean_the_same_at_both_providers() {
    let every = Triggers::default().statuses(400..600);
    let config = builder().triggers(every).build().unwrap();
    let (uri, body) = (stage::replicate("black-forest-labs/flux-dev"), br#"{"input":{"prompt":"a cat"}}"#);
    for (code, fault) in [
        (401, Fault::Unauthenticated),
        (402, Fault::OutOfCredit),
        (403, Fault::Unauthenticated),
        (404, Fault::Unsupported),
        (429, Fault::Throttled),
        (500, Fault::Broken),
        (501, Fault::Gateway),
        (520, Fault::Gateway),
        (502, Fault::Gateway),
        (503, Fault::Overloaded),
        (504, Fault::Gateway),
        (529, Fault::Overloaded),
    ] {
        let request = (uri.as_str(), &stage::wait(), &body[..]);
        let at_replicate = play(&config, &fleet(&config), request, &[status(code)], &[ok(GOOD)]).unwrap();
        for played in [at_replicate, primary(&config, status(code))] {
            assert_eq!(played.judged, [Outcome::from(fault)], "{code}");
            assert!(played.answer.is_some(), "{code}");
        }
    }
}

/// The request's own fault is handed on, unless the user wants another provider's word on it. Content policy always is.
#[test]
fn the_requests_own_fault_is_handed_on() {
    let every = builder().triggers(Triggers::default().statuses(400..600)).build().unwrap();
    let usual = stage::config();
    let (uri, body) = (stage::replicate("black-forest-labs/flux-dev"), br#"{"input":{"prompt":"a cat"}}"#);
    for (config, fault) in [(&usual, Fault::InvalidRequest), (&every, Fault::Unsupported)] {
        for code in [400, 422] {
            let request = (uri.as_str(), &stage::wait(), &body[..]);
            let at_replicate = play(config, &fleet(config), request, &[status(code)], &[ok(GOOD)]).unwrap();
            for played in [at_replicate, primary(config, status(code))] {
                assert_eq!(played.judged, [Outcome::from(fault)], "{code}");
                assert_eq!(played.answer.is_some(), fault == Fault::Unsupported, "{code}");
                assert_eq!(played.sent.len(), usize::from(fault == Fault::Unsupported), "{code}");
            }
        }
    }
    let refused = br#"{"detail":[{"loc":["body","prompt"],"msg":"no","type":"content_policy_violation"}]}"#;
    let played = primary(&every, Says::Answer(422, HeaderMap::new(), refused.to_vec()));
    assert_eq!(played.judged, [Outcome::from(Fault::ContentPolicy)]);
    assert!(played.sent.is_empty() && played.answer.is_none());
}

/// The status is the asked provider's, also where only the stand-in failed with one.
#[test]
fn a_stand_ins_status_is_not_the_asked_providers() {
    let config = builder().stand_in_attempts(1).build().unwrap();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY);
    let silent = Says::Nothing(Fault::Connect);
    let played = play(&config, &fleet(&config), request, &[silent], &[status(503)]).unwrap();
    let provenance = played.provenance.unwrap();
    assert_eq!((provenance.attempts[1].status, provenance.status), (Some(503), None));
}

/// NexaAPI is not waited for beyond the delay between two attempts.
#[test]
fn a_stand_in_that_asks_for_more_patience_is_given_up() {
    let config = builder().stand_in_attempts(3).stand_in_delay(Duration::from_secs(2)).build().unwrap();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY);
    for (hint, attempts) in [("2", 2), ("3", 1)] {
        let says = [said(429, &[("retry-after", hint)]), ok(GOOD)];
        let played = play(&config, &fleet(&config), request, &[status(500)], &says).unwrap();
        assert_eq!(played.sent.len(), attempts, "{hint}");
        assert_eq!(played.answer.is_some(), attempts == 2, "{hint}");
    }
}

#[test]
fn the_stand_in_is_asked_as_often_as_said() {
    let config = builder().stand_in_attempts(3).stand_in_delay(Duration::from_secs(2)).build().unwrap();
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), BODY);
    let played =
        play(&config, &fleet(&config), request, &[status(429)], &[status(500), status(500), ok(GOOD)])
            .unwrap();
    let at: Vec<_> =
        played.provenance.unwrap().attempts.iter().map(|attempt| attempt.at.as_millis()).collect();
    assert_eq!(at, [0, 100, 2200, 4300]);
    assert!(played.sent.windows(2).all(|pair| pair[0].body() == pair[1].body()));
    assert!(played.answer.is_some());
}
