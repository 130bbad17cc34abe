//! The shapes that FAL and Replicate answer in, as strict as the strictest of their clients.
//!
//! Typed clients refuse a missing `timings`, a `seed` above `i64::MAX` or a null in `urls`, so a stand-in's answer
//! must not only look similar. Keys that the provider does not have are refused too: they would be NexaAPI's.

use serde_json::Value;

type Field = (&'static str, &'static str, fn(&Value) -> bool);

/// FAL's text-to-image answer of the flux family.
const FAL: [Field; 5] = [
    ("images", "a list of images with url, width, height, content_type", |v| list(v, is_image)),
    ("timings", "an object", Value::is_object),
    ("seed", "an integer below 2^63", Value::is_i64),
    ("has_nsfw_concepts", "a list of booleans", |v| list(v, Value::is_boolean)),
    ("prompt", "a string", Value::is_string),
];

/// What FAL's queue says of a job, however it stands.
const JOB: [Field; 5] = [
    ("status", "one of FAL's three words", |v| v == "IN_QUEUE" || v == "IN_PROGRESS" || v == "COMPLETED"),
    ("request_id", "a string", Value::is_string),
    ("response_url", "a url", is_url),
    ("status_url", "a url", is_url),
    ("cancel_url", "a url", is_url),
];

/// FAL's Python client needs the first of a job that waits, and the second of one that does not wait any more.
const POSITION: Field = ("queue_position", "an integer", Value::is_u64);
const LOGS: Field = ("logs", "null or a list", |v| v.is_null() || v.is_array());
const METRICS: Field = ("metrics", "an object", Value::is_object);

/// Replicate's prediction, for a model whose output is a list.
const REPLICATE: [Field; 15] = [
    ("id", "a string", Value::is_string),
    ("model", "a string", Value::is_string),
    ("version", "a string", Value::is_string),
    ("input", "an object with the prompt", |v| v["prompt"].is_string()),
    ("logs", "a string", Value::is_string),
    ("output", "a list of urls", |v| list(v, is_url)),
    ("data_removed", "a boolean", Value::is_boolean),
    ("error", "null", Value::is_null),
    ("source", "\"api\" or \"web\"", |v| v == "api" || v == "web"),
    ("status", "\"succeeded\"", |v| v == "succeeded"),
    ("created_at", "a string", Value::is_string),
    ("started_at", "a string", Value::is_string),
    ("completed_at", "a string", Value::is_string),
    ("metrics", "an object", Value::is_object),
    ("urls", "an object of strings with get and cancel, without stream", are_urls),
];

/// What keeps `body` from being FAL's answer to an image request; empty when nothing does.
pub(super) fn fal(body: &Value) -> Vec<String> {
    let mut wrong = compare(body, &FAL, &[]);
    let count = |key: &str| body[key].as_array().map(Vec::len);
    if wrong.is_empty() && count("images") != count("has_nsfw_concepts") {
        wrong.push("has_nsfw_concepts must have one entry for each image".into());
    }
    wrong
}

/// What keeps `body` from being Replicate's finished prediction; empty when nothing does.
pub(super) fn replicate(body: &Value) -> Vec<String> {
    compare(body, &REPLICATE, &[])
}

/// What keeps `body` from being FAL's word on a job that has not failed; empty when nothing does.
pub(super) fn fal_job(body: &Value) -> Vec<String> {
    let waits = body["status"] == "IN_QUEUE";
    let (own, allowed) = if waits { (POSITION, &[LOGS, METRICS][..]) } else { (LOGS, &[METRICS][..]) };
    let mut wrong = compare(body, &[&JOB[..], &[own]].concat(), allowed);
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let home = text("response_url");
    let of_home = home.ends_with(&format!("/requests/{}", text("request_id")))
        && text("status_url") == format!("{home}/status")
        && text("cancel_url") == format!("{home}/cancel");
    if wrong.is_empty() && !of_home {
        wrong.push("the urls must be those of its request_id".into());
    }
    wrong
}

fn compare(body: &Value, needed: &[Field], allowed: &[Field]) -> Vec<String> {
    let Some(object) = body.as_object() else { return vec!["the answer must be an object".into()] };
    let known = || needed.iter().chain(allowed);
    let missing = needed.iter().filter(|(key, ..)| !object.contains_key(*key));
    let missing = missing.map(|(key, ..)| format!("{key} is missing"));
    let misshapen = known().filter(|(key, _, holds)| object.get(*key).is_some_and(|value| !holds(value)));
    let misshapen = misshapen.map(|(key, expected, _)| format!("{key} must be {expected}"));
    let unknown = object.keys().filter(|key| known().all(|(known, ..)| known != key));
    let unknown = unknown.map(|key| format!("{key} is none of the provider's keys"));
    missing.chain(misshapen).chain(unknown).collect()
}

fn list(value: &Value, holds: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(holds))
}

fn is_image(value: &Value) -> bool {
    is_url(&value["url"])
        && value["width"].is_u64()
        && value["height"].is_u64()
        && value["content_type"].as_str().is_some_and(|kind| kind.starts_with("image/"))
}

fn is_url(value: &Value) -> bool {
    value.as_str().is_some_and(|url| url.contains("://") || url.starts_with("data:"))
}

fn are_urls(value: &Value) -> bool {
    let all = value.as_object().is_some_and(|urls| urls.values().all(is_url));
    all && ["get", "cancel"].iter().all(|key| value[*key].is_string()) && value.get("stream").is_none()
}

#[cfg(test)]
pub(super) mod samples {
    //! Answers as the two providers give them.
    use super::*;

    pub(crate) fn fal() -> Value {
        serde_json::json!({
            "images": [{"url": "https://x/a.jpg", "width": 1024, "height": 768, "content_type": "image/jpeg"}],
            "timings": {}, "seed": 7, "has_nsfw_concepts": [false], "prompt": "a fox",
        })
    }

    pub(crate) fn fal_job(status: &str, queue: &str, id: &str) -> Value {
        let home = format!("{queue}/fal-ai/flux/requests/{id}");
        let mut body = serde_json::json!({
            "status": status, "request_id": id, "response_url": home, "status_url": format!("{home}/status"),
            "cancel_url": format!("{home}/cancel"), "logs": null, "metrics": {},
        });
        if status == "IN_QUEUE" {
            body["queue_position"] = 0.into();
        }
        body
    }

    pub(crate) fn replicate() -> Value {
        serde_json::json!({
            "id": "nx0123456789abcdefghjkmnpq", "model": "black-forest-labs/flux-schnell", "version": "hidden",
            "input": {"prompt": "a fox"}, "logs": "", "output": ["https://x/out-0.webp"], "data_removed": false,
            "error": null, "source": "api", "status": "succeeded", "created_at": "2026-11-20T23:00:00.000Z",
            "started_at": "2026-11-20T23:00:00.000Z", "completed_at": "2026-11-20T23:00:01.000Z",
            "metrics": {"predict_time": 1.9},
            "urls": {"get": "https://x/p", "cancel": "https://x/p/cancel", "web": "https://x/w"},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_own_answers_pass() {
        assert_eq!(fal(&samples::fal()), [""; 0]);
        assert_eq!(replicate(&samples::replicate()), [""; 0]);
        for status in ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"] {
            let mut body = samples::fal_job(status, "http://x", "1");
            assert_eq!(fal_job(&body), [""; 0]);
            body.as_object_mut().unwrap().remove("metrics");
            assert_eq!(fal_job(&body), [""; 0]);
        }
    }

    #[test]
    fn what_breaks_the_clients_of_a_queue_is_found() {
        let wrong = |status: &str, key: &str, value: Option<Value>| {
            let mut body = samples::fal_job(status, "http://x", "1");
            match value {
                Some(value) => body[key] = value,
                None => drop(body.as_object_mut().unwrap().remove(key)),
            }
            fal_job(&body).join("; ")
        };
        assert_eq!(wrong("IN_QUEUE", "queue_position", None), "queue_position is missing");
        assert_eq!(wrong("IN_PROGRESS", "logs", None), "logs is missing");
        assert_eq!(wrong("COMPLETED", "request_id", None), "request_id is missing");
        assert_eq!(wrong("IN_QUEUE", "status", Some("pending".into())).split(';').count(), 2);
        assert_eq!(wrong("COMPLETED", "error", Some("no".into())), "error is none of the provider's keys");
        for key in ["request_id", "status_url", "cancel_url", "response_url"] {
            let elsewhere = Some("http://y/1".into());
            assert_eq!(wrong("IN_QUEUE", key, elsewhere), "the urls must be those of its request_id");
        }
    }

    #[test]
    fn each_key_is_needed() {
        type Shape = (fn(&Value) -> Vec<String>, Value);
        let shapes: [Shape; 2] = [(fal, samples::fal()), (replicate, samples::replicate())];
        for (check, sample) in shapes {
            for key in sample.as_object().unwrap().keys() {
                let mut less = sample.clone();
                less.as_object_mut().unwrap().remove(key);
                assert_eq!(check(&less), [format!("{key} is missing")]);
            }
        }
    }

    #[test]
    fn what_breaks_typed_clients_is_found() {
        let wrong = |pointer: &str, value: Value| {
            let (mut fal_body, mut prediction) = (samples::fal(), samples::replicate());
            match (fal_body.pointer_mut(pointer), prediction.pointer_mut(pointer)) {
                (Some(place), _) => *place = value,
                (None, Some(place)) => *place = value,
                (None, None) => panic!("{pointer}"),
            }
            !fal(&fal_body).is_empty() || !replicate(&prediction).is_empty()
        };
        assert!(wrong("/timings", Value::Null));
        assert!(wrong("/seed", u64::MAX.into()));
        assert!(wrong("/images/0/width", Value::Null));
        assert!(wrong("/images", Value::Array(Vec::new())));
        assert!(wrong("/has_nsfw_concepts", serde_json::json!([false, false])));
        assert!(wrong("/version", Value::Null));
        assert!(wrong("/output", "https://x/out-0.webp".into()));
        assert!(wrong("/urls/web", Value::Null));
        assert!(wrong("/status", "aborted".into()));
    }

    #[test]
    fn a_stand_ins_own_keys_are_found() {
        let mut body = samples::fal();
        body["cost"] = 1.into();
        assert_eq!(fal(&body), ["cost is none of the provider's keys"]);
        assert_eq!(fal(&Value::Null).len(), 1);
    }
}
