//! The user's own data files: taken, or refused by file, key and reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use failover_mapping::{ConfigError, ProviderName};
use http::HeaderMap;
use stage::{GOOD, builder, fal, fleet, ok, play, status};

const OWN: &str = r#"
[[models]]
id = "acme/painter"
model = "painter"
task = "image"
answer = "flux"
defaults = { image_size = "square" }
"#;
const OWN_STAND_IN: &str = r#"
[[models]]
model = "painter"
id = "nexa-painter"
task = "image"
substitution = "variant"
"#;

#[test]
fn own_rows_are_added_and_replace() {
    let config = builder()
        .data(ProviderName::Fal, "painter.toml", OWN)
        .data(ProviderName::Nexa, "nexa.toml", OWN_STAND_IN)
        .data(
            ProviderName::Nexa,
            "flux.toml",
            OWN_STAND_IN.replace("painter\"\nid = \"nexa-painter", "flux-dev\"\nid = \"flux-dev-2"),
        )
        .build()
        .unwrap();
    for (model, stand_in, side) in
        [("acme/painter", "nexa-painter", 512), ("fal-ai/flux/dev", "flux-dev-2", 1024)]
    {
        let body = br#"{"prompt":"a cat"}"#;
        let request = (&*fal(model), &HeaderMap::new(), &body[..]);
        let played = play(&config, &fleet(&config), request, &[status(500)], &[ok(GOOD)]).unwrap();
        let sent: serde_json::Value = serde_json::from_slice(played.sent[0].body()).unwrap();
        assert_eq!((&sent["model"], &sent["width"]), (&stand_in.into(), &side.into()));
    }
    assert!(config.catalogue().resolve_fal("fal-ai/flux-pro").is_some(), "the others are still there");
}

/// A set with a row for the count that says this.
fn writes(count: &str) -> String {
    format!("[inputs]\nx = [{{ field = \"count\", {count} }}]")
}

/// A set with a row for a flag that says this.
fn flag(says: &str) -> String {
    format!("[inputs]\nx = [{{ field = \"raw\", key = \"f\", codec = \"flag\", {says} }}]")
}

const PROMPT: &str = r#"{ field = "prompt", key = "prompt", codec = "text" }"#;

/// A model with a set of its own.
fn with_set(task: &str, answer: &str, rows: &str) -> String {
    format!(
        "[inputs]\nx = [{rows}]\n[[models]]\nid = \"acme/painter\"\nmodel = \"painter\"\ninputs = \"x\"\n\
         task = \"{task}\"\nanswer = \"{answer}\""
    )
}

/// A declaration, where there is one already.
fn host(more: &str) -> String {
    format!("[host]\nname = \"x\"\nbase-url = \"https://evil.example\"\nauthentication = \"bearer\"\n{more}")
}

#[test]
fn broken_data_are_refused_by_file_key_and_reason() {
    let fal = ProviderName::Fal;
    let (replicate, nexa) = (ProviderName::Replicate, ProviderName::Nexa);
    for (provider, data, key, reason) in [
        (fal, "not toml".to_owned(), "line 1", ""),
        (fal, "\n\n[models".to_owned(), "line 3", ""),
        (fal, "host = \"https://evil.example\"".to_owned(), "line 1: host", "invalid type"),
        (fal, host(""), "host", "in one place"),
        (nexa, host("token = \"x\""), "line", "unknown field `token`"),
        (fal, "[headers]\nauthorization = \"x\"".to_owned(), "line 1", "unknown field"),
        (
            fal,
            OWN.replace("task = \"image\"", "task = \"image\"\nurl = \"https://evil.example\""),
            "line",
            "unknown field `url`",
        ),
        (fal, OWN.replace("\"image\"", "\"music\""), "line 5", "unknown variant `music`"),
        (
            fal,
            OWN.to_owned(),
            "models.acme/painter.model",
            "no provider has a row: add one, or use `flux-pro`, ",
        ),
        (
            fal,
            OWN.replace("model = \"painter\"", "model = \"flux-dev\"").repeat(2),
            "models.acme/painter",
            "twice: remove one",
        ),
        (
            fal,
            OWN.replace("answer = \"flux\"", ""),
            "models.acme/painter.answer",
            "missing: use `flux`, `flux-counted`, `files-seed` or `files`",
        ),
        (
            replicate,
            OWN.replace("\"flux\"", "\"on\""),
            "line 6: answer",
            "not a shape in which this provider",
        ),
        (
            replicate,
            OWN.replace("acme/painter\"", "acme/painter\"\ninputs = \"flux\""),
            "models.acme/painter.answer",
            "such a task: use `one` or `list`",
        ),
        (
            fal,
            OWN.replace("answer = \"flux\"", "answer = \"list\""),
            "models.acme/painter.answer",
            "in which this provider answers such a task: use `flux`, `flux-counted`, `files-seed` or `files`",
        ),
        (
            fal,
            OWN.replace("defaults", "inputs = \"none\"\ndefaults"),
            "models.acme/painter.inputs",
            "not there: use `dreamshaper`, `flux`, ",
        ),
        (
            fal,
            OWN.replace("\"square\"", "\"vast\""),
            "models.acme/painter.defaults.image_size",
            "not the name of a size: use `landscape_16_9`, `landscape_4_3`, ",
        ),
        (
            fal,
            OWN.replace("image_size", "size"),
            "models.acme/painter.defaults.size",
            "not in its set: use `prompt`",
        ),
        (
            fal,
            OWN.replace("\"image\"", "\"video\""),
            "models.acme/painter.inputs",
            "missing: use `dreamshaper`, `flux`, ",
        ),
        (nexa, OWN.replace("defaults", "#"), "models.painter.answer", "no effect here"),
        (
            nexa,
            "[inputs]\nx = [{ field = \"size\", key = \"s\", codec = \"ratio\", ratios = \"flux\" }]"
                .to_owned(),
            "inputs.x.s",
            "codec that cannot write this field: use `size` or `pixels`",
        ),
        (fal, OWN.replace("acme/painter", "../painter"), "models.../painter", "no name"),
        (fal, OWN.replace("acme/painter", "a?b"), "models.a?b", "no name"),
        (fal, "[sizes]\nflat = [0, 1]".to_owned(), "sizes.flat", "between 1 and 14142"),
        (fal, with_set("image", "flux", ""), "inputs.x", "no row for the prompt"),
        (fal, with_set("image", "flux", PROMPT), "inputs.x", "no row for the size"),
        (fal, with_set("video", "video", ""), "inputs.x", "no row for the prompt"),
        (fal, with_set("transcription", "whisper", PROMPT), "inputs.x", "no row for the sound"),
        (fal, with_set("speech", "audio", PROMPT), "inputs.x", "no row for the text"),
        (
            fal,
            "[inputs]\nx = [{ field = \"prompt\", key = \"p\", codec = \"number\" }]".to_owned(),
            "inputs.x.p",
            "codec that cannot write this field: use `text`",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"size\", key = \"s\", codec = \"ratio\", ratios = \"y\" }]".to_owned(),
            "inputs.x.s",
            "table",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"seed\", key = \"s\", codec = \"integer\", min = 2, max = 1 }]"
                .to_owned(),
            "inputs.x.s",
            "least value above the greatest: swap",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"seed\", key = \"s\", codec = \"integer\", default = \"a\" }]"
                .to_owned(),
            "inputs.x.s",
            "default",
        ),
        (fal, "[[verdicts]]\nstatus = 200\nfault = \"broken\"".to_owned(), "verdicts.200", "300 to 599"),
        (
            fal,
            "[[verdicts]]\nstatus = 500\nfault = \"bored\"".to_owned(),
            "line 3",
            "`bored` is not a fault that a status can mean: use `throttled`, ",
        ),
        (
            fal,
            "[[verdicts]]\nstatus = 500\nfault = \"broken\"\nheader = { name = \"X Y\", value = \"\" }"
                .to_owned(),
            "verdicts.500",
            "header",
        ),
        (nexa, "[endpoints]\nimage = \"https://evil.example\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"//evil.example\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"@evil.example/\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"/a/../b\"".to_owned(), "endpoints.image", "not a path"),
        (nexa, "[endpoints]\nimage = \"/a?key=1\"".to_owned(), "endpoints.image", "not a path"),
        (fal, "[endpoints]\nimage = \"https://evil.example\"".to_owned(), "endpoints.image", "not a path"),
        (replicate, "by-version = \"//evil.example\"".to_owned(), "by-version", "not a path"),
        (replicate, "job = \"https://evil.example/{id}\"".to_owned(), "job", "not a path"),
        (replicate, "job = \"/jobs\"".to_owned(), "job", "say where a job's id stands"),
        // settings without effect
        (nexa, OWN_STAND_IN.to_owned(), "models.painter.model", "FAL and Replicate have no row"),
        (
            nexa,
            OWN_STAND_IN.replace("substitution", "asked-only = true\nsubstitution"),
            "models.painter.asked-only",
            "no effect",
        ),
        (nexa, "[drops]\nimage = [\"x\"]".to_owned(), "drops", "no effect"),
        (fal, "[drops]\nno-set = [\"x\"]".to_owned(), "drops.no-set", "no set: use `dreamshaper`, `flux`, "),
        (nexa, "[[refusals]]\nkey = \"x\"\nwhy = \"y\"".to_owned(), "refusals", "no effect"),
        (nexa, "[sizes]\nx = [1, 1]".to_owned(), "sizes", "no effect"),
        (nexa, "[ratios.x]\n\"1:1\" = [1, 1]".to_owned(), "ratios", "no effect"),
        (
            nexa,
            OWN_STAND_IN.replace("substitution", "defaults = { steps = 3 }\nsubstitution"),
            "models.painter.defaults",
            "no effect",
        ),
        (nexa, writes("key = \"n\", codec = \"integer\", default = 1"), "inputs.x.n", "`default`"),
        (nexa, writes("key = \"n\", codec = \"integer\", side = 1"), "inputs.x.n", "`side`"),
        (nexa, writes("key = \"n\", codec = \"integer\", defer = [\"x\"]"), "inputs.x.n", "`defer`"),
        (nexa, writes("key = \"n\", codec = \"integer\", approximate = true"), "inputs.x.n", "`approximate`"),
        (fal, writes("key = \"n\", codec = \"integer\", side = 1"), "inputs.x.n", "`side`"),
        (fal, writes("key = \"n\", codec = \"integer\", words = { one = \"1\" }"), "inputs.x.n", "`words`"),
        (fal, writes("key = \"n\", codec = \"integer\", among = [1], default = 2"), "inputs.x.n", "use `1`"),
        (fal, writes("key = \"n\", codec = \"integer\", among = [nan]"), "inputs.x.n", "no number"),
        (fal, flag("words = { on = \"yes\" }"), "inputs.x.f", "neither \"true\" nor \"false\""),
        (fal, flag("among = [1]"), "inputs.x.f", "`among`"),
        (fal, flag("as-text = true"), "inputs.x.f", "`as-text`"),
        (
            fal,
            "[inputs]\nx = [{ field = \"prompt\", key = \"p\", codec = \"text\", max = 3 }]".to_owned(),
            "inputs.x.p",
            "`max`",
        ),
        (
            fal,
            "[inputs]\nx = [{ field = \"size\", key = \"s\", codec = \"size\", side = 20000 }]".to_owned(),
            "inputs.x.s",
            "`side`",
        ),
        // sizes
        (fal, "[sizes]\nx = [1, 2, 3]".to_owned(), "line 2: x", "two sides"),
        (fal, "[sizes]\nx = [14143, 1]".to_owned(), "sizes.x", "between 1 and 14142"),
        (fal, "[ratios.x]\n\"1:1\" = [1, 14143]".to_owned(), "ratios.x.1:1", "between 1 and 14142"),
        // keys
        (fal, writes("key = \"\", codec = \"integer\""), "inputs.x.", "empty"),
        (nexa, writes("key = \"model\", codec = \"integer\""), "inputs.x.model", "names the model"),
        (
            fal,
            writes(
                "key = \"p\", codec = \"integer\" }, { field = \"seed\", key = \"p\", codec = \"integer\"",
            ),
            "inputs.x.p",
            "twice",
        ),
        (fal, writes("key = \"n\", codec = \"integer\", min = nan"), "inputs.x.n", "no number"),
        (fal, writes("key = \"n\", codec = \"integer\", max = inf"), "inputs.x.n", "no number"),
        // a value of the wrong type is called by its key
        (fal, OWN.replace("\"flux\"", "5"), "line 6: answer", ""),
        (fal, writes("key = 5, codec = \"integer\""), "line 2: key", ""),
    ] {
        let error = builder().data(provider, "own.toml", data.clone()).build().unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, ConfigError::Data { .. }), "{message}");
        assert!(
            message.starts_with(&format!("data for {provider} in own.toml: {key}"))
                && message.contains(reason),
            "{data}: {message}"
        );
    }
}

#[test]
fn a_row_whose_stand_in_does_something_else_is_refused() {
    let video = OWN_STAND_IN.replace("\"image\"", "\"video\"");
    let error = builder()
        .data(ProviderName::Fal, "painter.toml", OWN)
        .data(ProviderName::Nexa, "nexa.toml", &*video)
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "data for fal in painter.toml: models.acme/painter.task: is image, but NexaAPI's row for `painter` \
         (in nexa.toml) is for video: use one task"
    );
    // Nor may a file of the user's turn a built-in row off.
    let video = video.replace("painter\"\nid", "flux-dev\"\nid");
    let error = builder().data(ProviderName::Nexa, "nexa.toml", video).build().unwrap_err().to_string();
    assert_eq!(
        error,
        "data for nexaapi in nexa.toml: models.flux-dev.task: is video, but FAL's row for `flux-dev` (in built-in) \
         is for image: use one task"
    );
}

#[test]
fn a_row_that_could_never_be_asked_is_refused() {
    let rows = "[inputs]\nimage = [{ field = \"prompt\", key = \"p\", codec = \"text\" }]
        [[models]]\nmodel = \"flux-dev\"\nid = \"flux\"\ntask = \"image\"";
    let endpoint = "[endpoints]\nimage = \"/images\"";
    let answer = "[answer]\nurl = [\"url\"]\nnested = []\nfailed = []\npending = []";
    let declared = |more: &[&str]| {
        let file = [&host(""), rows].into_iter().chain(more.iter().copied()).collect::<Vec<_>>().join("\n");
        let x = ProviderName::other("x").unwrap();
        let builder = builder().provider("x.toml", file).key(x, "x-key").stand_ins([x]);
        builder.build().map(drop).map_err(|error| error.to_string())
    };
    let no_endpoint = "models.flux-dev.task: is image, for which x has no endpoint: add its path";
    assert_eq!(declared(&[answer]), Err(format!("data for x in x.toml: {no_endpoint}")));
    let no_answer = "answer: is missing: say where its answers hold what";
    assert_eq!(declared(&[endpoint]), Err(format!("data for x in x.toml: {no_answer}")));
    assert_eq!(declared(&[endpoint, answer]), Ok(()));
}

#[test]
fn each_file_is_called_by_its_name() {
    let good = OWN.replace("\"painter\"", "\"flux-dev\"");
    let bad = good.replace("acme/painter", "acme/other").replace("square", "vast");
    let files = |first: &str, second: &str| {
        let builder =
            builder().data(ProviderName::Fal, "a.toml", first).data(ProviderName::Fal, "b.toml", second);
        builder.build().map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(files(&good, &good), Ok(()));
    for (refused, file) in [(files(&bad, &good), "a.toml"), (files(&good, &bad), "b.toml")] {
        let message = refused.unwrap_err();
        assert!(message.starts_with(&format!("data for fal in {file}: models.acme/other.")), "{message}");
    }
    let ConfigError::Data { file, .. } =
        builder().data(ProviderName::Fal, "c.toml", OWN).build().unwrap_err()
    else {
        panic!("not about data")
    };
    assert_eq!(file, "c.toml", "also for what is wrong between two providers");
}

#[test]
fn words_for_a_status_are_compared_without_case() {
    let answer = "[answer]\nurl = [\"url\"]\nnested = []\nfailed = [\"BROKEN\"]\npending = [\"Baking\"]";
    let config = builder().data(ProviderName::Nexa, "nexa.toml", answer).build().unwrap();
    for said in ["broken", "Broken", "BAKING", "baking"] {
        let says = ok(&format!(r#"{{"status":"{said}","url":"https://n.example/a"}}"#));
        let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &br#"{"prompt":"a cat"}"#[..]);
        let played = play(&config, &fleet(&config), request, &[status(500)], &[says]).unwrap();
        assert!(played.answer.is_none(), "{said}");
    }
}
