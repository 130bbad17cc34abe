//! Prints COVERAGE.md: what becomes of each parameter of each model, as found by translating sample values.

use std::collections::BTreeMap;

use failover_mapping::{Catalogue, Config, ConfigError, Coverage, Covered, Model, ProviderName};
use serde_json::{Value, json};

/// The models of one set that fare alike, and each key with a cell per stand-in.
type Table<'c> = (Vec<&'c str>, Rows<'c>);
type Rows<'c> = Vec<(&'c str, Vec<String>)>;

fn main() -> Result<(), ConfigError> {
    let catalogue = Catalogue::built_in()?;
    println!(
        "<!-- written by `cargo xtask tables`; do not edit -->\n\n\
         # What becomes of every parameter\n\n\
         Every value that a row of the data files tells of was translated: the default, every word, every ratio, the bounds and \
         something between them; not what would happen anyway, as one image or no translation. Several words in a cell are the \
         outcomes of different values; `x-failover-lossy` tells which it was for a request.\n\n\
         | | |\n|---|---|\n\
         | exact | the stand-in is told the same |\n\
         | clamped | it is told the nearest value it takes |\n\
         | approximated | it is told something similar |\n\
         | dropped | it is not told |\n\
         | declined | it is not asked, as the request would be another one without this |\n\n\
         A key that stands nowhere is dropped. What the caller does not say is the asked provider's default, and is carried over \
         like a value."
    );
    for (provider, other) in
        [(ProviderName::Fal, ProviderName::Replicate), (ProviderName::Replicate, ProviderName::Fal)]
    {
        println!("\n## {}", title(provider));
        for (models, rows) in tables(&catalogue, provider, other) {
            print_table(&catalogue, (provider, other), &models, &rows);
        }
        print_refusals(&catalogue, provider);
    }
    print_texts()
}

/// In the order of the data. Sets whose models have different stand-ins are more than one table.
fn tables(catalogue: &Catalogue, provider: ProviderName, other: ProviderName) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    for model in catalogue.provider(provider).into_iter().flat_map(|data| &data.models) {
        let rows = rows(catalogue, (provider, model), other);
        match tables.iter_mut().find(|(_, known)| *known == rows) {
            Some((models, _)) => models.push(&model.id),
            None => tables.push((vec![&model.id], rows)),
        }
    }
    tables
}

/// What each of the model's own keys becomes; those that are declined wherever they stand are listed once for all models.
fn rows<'c>(catalogue: &'c Catalogue, asked: (ProviderName, &'c Model), other: ProviderName) -> Rows<'c> {
    let (provider, model) = asked;
    let Some(data) = catalogue.provider(provider) else { return Vec::new() };
    let set = data.inputs.get(model.inputs.as_deref().unwrap_or(model.task.as_str()));
    let is_own = |key: &str| {
        set.into_iter().flatten().any(|row| row.key == key)
            || data.refusals.iter().all(|refusal| refusal.key != key)
    };
    let cells = |by| -> BTreeMap<_, _> {
        let covered = catalogue.coverage(provider, &model.id, by);
        covered.map(|Covered { key, said, .. }| (key, join(&said))).collect()
    };
    let others = cells(other);
    let nexa = catalogue.coverage(provider, &model.id, ProviderName::Nexa);
    nexa.filter(|covered| is_own(covered.key))
        .map(|Covered { key, said, .. }| {
            (key, [Some(join(&said)), others.get(key).cloned()].into_iter().flatten().collect())
        })
        .collect()
}

fn join(said: &[Coverage]) -> String {
    said.iter().map(|said| said.as_str()).collect::<Vec<_>>().join(", ")
}

fn print_table(
    catalogue: &Catalogue,
    (provider, other): (ProviderName, ProviderName),
    models: &[&str],
    rows: &Rows<'_>,
) {
    let width = rows.first().map_or(0, |(_, cells)| cells.len());
    println!("\n### {}\n", quoted(models));
    for by in [ProviderName::Nexa, other].into_iter().take(width) {
        let stand_ins = models.iter().filter_map(|id| catalogue.resolve(provider, id, by));
        let mut stand_ins: Vec<_> =
            stand_ins.map(|found| format!("`{}` ({})", found.stand_in, found.substitution)).collect();
        stand_ins.dedup();
        println!("* {}: {}", title(by), stand_ins.join(", "));
    }
    let titles = [title(ProviderName::Nexa), title(other)];
    println!("\n| | {} |\n|---|{}", titles[..width].join(" | "), "---|".repeat(width));
    for (key, cells) in rows {
        println!("| `{key}` | {} |", cells.join(" | "));
    }
}

fn print_refusals(catalogue: &Catalogue, provider: ProviderName) {
    println!("\n### Declined for every {} model without a row for it above\n", title(provider));
    println!("| | why |\n|---|---|");
    for refusal in catalogue.provider(provider).into_iter().flat_map(|data| &data.refusals) {
        let words: Vec<_> = refusal.unless.iter().map(|value| format!("`{value}`")).collect();
        let unless =
            if words.is_empty() { String::new() } else { format!(", unless {}", words.join(" or ")) };
        println!("| `{}` | {}{unless} |", refusal.key, refusal.why);
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn title(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Fal => "FAL",
        ProviderName::Replicate => "Replicate",
        ProviderName::OpenAi => "OpenAI",
        ProviderName::Anthropic => "Anthropic",
        ProviderName::Together => "Together",
        _ => "NexaAPI",
    }
}

/// The providers of text, each with a model that is asked for.
const TEXTS: [(ProviderName, &str); 3] = [
    (ProviderName::OpenAi, "gpt-4o"),
    (ProviderName::Anthropic, "claude-sonnet-4-5"),
    (ProviderName::Together, "zai-org/GLM-5.2"),
];

fn print_texts() -> Result<(), ConfigError> {
    let config =
        TEXTS.into_iter().fold(Config::builder(), |it, (provider, _)| it.key(provider, "any")).build()?;
    println!(
        "\n## Text\n\n\
         As found by translating sample chats for the models that stand in. *defaulted*: it is not said, and the stand-in must be told \
         something, or has another default. OpenAI's models that stand in choose words in their own way, so they are told no \
         temperature.\n\n\
         Answers are carried over whole: texts, calls of tools, why it ended, usage with its cached and its thought-over tokens. What \
         a stand-in thought is not handed on. Ids that are not of the asked API's form are replaced, and the model is the one \
         that answered."
    );
    for (asked, others) in [(0, [1, 2]), (1, [0, 2]), (2, [0, 1])] {
        let ((asked, model), others) = (TEXTS[asked], others.map(|other| TEXTS[other].0));
        println!("\n### Asked of {}\n", title(asked));
        println!("| | {} |\n|---|---|---|", others.map(title).join(" | "));
        let samples = if asked == ProviderName::Anthropic { of_messages() } else { of_completions() };
        for (key, samples) in samples {
            let cells = others.map(|by| {
                let outcomes = samples.iter().map(|sample| outcome(&config, (asked, model), sample, by));
                let mut outcomes: Vec<_> = outcomes.collect();
                outcomes.dedup();
                outcomes.join(", ")
            });
            println!("| {key} | {} |", cells.join(" | "));
        }
    }
    Ok(())
}

/// What becomes of these keys, beyond what becomes of the simplest chat.
fn outcome(config: &Config, asked: (ProviderName, &str), sample: &Value, by: ProviderName) -> String {
    let (provider, model) = asked;
    let losses = |keys: &Value| {
        let mut body =
            json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]});
        for (key, value) in keys.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        config.translate(provider, model, body.to_string().as_bytes(), by).map(|translated| translated.losses)
    };
    let usual = losses(&json!({})).unwrap_or_default();
    match losses(sample) {
        Err(_) => "declined".to_owned(),
        Ok(said) => said
            .iter()
            .find(|loss| !usual.contains(loss))
            .map_or("exact".to_owned(), |loss| loss.kind.to_string()),
    }
}

type Samples = Vec<(&'static str, Vec<Value>)>;

/// Chat completions: each key with values that fare differently.
fn of_completions() -> Samples {
    let said = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let hello = || json!({"role": "user", "content": "Hello"});
    let tool = json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let one = |key: &str, value: Value| json!({key: value});
    vec![
        (
            "`messages` of the system or developer, first",
            vec![json!({"messages": [{"role": "system", "content": "Hi"}, hello()]})],
        ),
        (
            "the same in between: said first",
            vec![json!({"messages": [hello(), {"role": "system", "content": "Hi"}, hello()]})],
        ),
        (
            "`messages.content`: several texts",
            vec![said(json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]))],
        ),
        (
            "`messages.content`: `image_url`",
            vec![said(json!([{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]))],
        ),
        (
            "`image_url.detail`",
            vec![said(
                json!([{"type": "image_url", "image_url": {"url": "https://a.example/b.png", "detail": "low"}}]),
            )],
        ),
        (
            "`messages.content`: sound, files",
            vec![said(json!([{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]))],
        ),
        ("`messages.name`", vec![json!({"messages": [{"role": "user", "content": "Hello", "name": "Ann"}]})]),
        (
            "`messages.tool_calls`, and `tool` messages",
            vec![json!({"tools": [tool], "messages": [hello(),
            {"role": "assistant", "content": null, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": "1"}]})],
        ),
        ("`tools`: functions", vec![json!({"tools": [tool]})]),
        ("`tools`: others", vec![json!({"tools": [{"type": "custom", "custom": {"name": "f"}}]})]),
        (
            "`tool_choice`",
            ["auto", "required", "none"].map(|word| json!({"tools": [tool], "tool_choice": word})).to_vec(),
        ),
        ("`parallel_tool_calls`", vec![json!({"tools": [tool], "parallel_tool_calls": false})]),
        (
            "`max_tokens`, `max_completion_tokens`",
            vec![one("max_tokens", json!(9)), one("max_tokens", json!(10_000_000))],
        ),
        ("without either", vec![one("max_tokens", Value::Null)]),
        ("`temperature`, up to 1", vec![one("temperature", json!(0.5))]),
        ("`temperature`, above 1", vec![one("temperature", json!(1.5))]),
        ("`top_p`", vec![one("top_p", json!(0.5))]),
        ("`temperature` with `top_p`", vec![json!({"temperature": 0.5, "top_p": 0.5})]),
        ("`top_k`", vec![one("top_k", json!(40))]),
        ("`stop`, up to 4", vec![one("stop", json!("x")), one("stop", json!(["x", "y"]))]),
        ("`stop`, blank", vec![one("stop", json!("\n"))]),
        ("`seed`", vec![one("seed", json!(7))]),
        (
            "`frequency_penalty`, `presence_penalty`",
            vec![one("frequency_penalty", json!(0.5)), one("presence_penalty", json!(0.5))],
        ),
        ("`response_format`: `json_object`", vec![one("response_format", json!({"type": "json_object"}))]),
        (
            "`response_format`: a schema",
            vec![one("response_format", json!({"type": "json_schema", "json_schema": {"name": "a"}}))],
        ),
        ("`user`, `safety_identifier`", vec![one("user", json!("a")), one("safety_identifier", json!("a"))]),
        (
            "`stream`, `stream_options.include_usage`",
            vec![json!({"stream": true, "stream_options": {"include_usage": true}})],
        ),
        ("`n` above 1", vec![one("n", json!(2))]),
        ("`logprobs`, `top_logprobs`", vec![one("logprobs", json!(true)), one("top_logprobs", json!(2))]),
        (
            "`modalities` beyond text, `audio`",
            vec![one("modalities", json!(["audio"])), one("audio", json!({"voice": "a"}))],
        ),
        (
            "`functions`, `web_search_options`",
            vec![one("functions", json!([])), one("web_search_options", json!({}))],
        ),
        (
            "`reasoning_effort`, `verbosity`",
            vec![one("reasoning_effort", json!("low")), one("verbosity", json!("low"))],
        ),
        (
            "`logit_bias`, `repetition_penalty`, `min_p`",
            vec![one("logit_bias", json!({"1": 1})), one("min_p", json!(0.1))],
        ),
        (
            "`metadata`, `store`, `service_tier`, `prompt_cache_key`, and all else",
            vec![
                one("metadata", json!({"a": "b"})),
                one("store", json!(true)),
                one("service_tier", json!("flex")),
            ],
        ),
    ]
}

/// Anthropic's messages, likewise.
fn of_messages() -> Samples {
    let said = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let hello = || json!({"role": "user", "content": "Hello"});
    let tool = json!({"name": "f", "input_schema": {"type": "object"}});
    let one = |key: &str, value: Value| json!({key: value});
    let used = |result: Value| {
        json!({"tools": [tool], "messages": [hello(),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
        {"role": "user", "content": [result]}]})
    };
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"});
    let failed = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "1", "is_error": true});
    let source = json!({"type": "url", "url": "https://a.example/b.png"});
    let shown = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "image", "source": source}]});
    vec![
        ("`system`", vec![one("system", json!("Hi"))]),
        ("`cache_control`, wherever it stands", vec![one("system", json!([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]))]),
        ("`messages.content`: `image`", vec![said(json!([{"type": "image", "source": source}]))]),
        ("`messages.content`: `document`, `search_result`", vec![said(json!([{"type": "document", "source": {"type": "text", "data": "a"}}]))]),
        ("`messages.content`: `tool_use`, `tool_result`", vec![used(result)]),
        ("`tool_result.is_error`", vec![used(failed)]),
        ("`tool_result` with an image", vec![used(shown)]),
        ("`messages.content`: `thinking`", vec![json!({"messages": [hello(), {"role": "assistant",
            "content": [{"type": "thinking", "thinking": "a", "signature": "b"}, {"type": "text", "text": "Hi"}]}, hello()]})]),
        ("an assistant's turn at the end (a prefill)", vec![json!({"messages": [hello(), {"role": "assistant", "content": "Hi"}]})]),
        ("`tools`: your own", vec![json!({"tools": [tool]})]),
        ("`tools`: Anthropic's", vec![json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})]),
        ("`tool_choice`, `disable_parallel_tool_use`", ["auto", "any", "none"].map(|word| {
            json!({"tools": [tool], "tool_choice": {"type": word, "disable_parallel_tool_use": true}})
        }).to_vec()),
        ("`max_tokens`", vec![one("max_tokens", json!(9)), one("max_tokens", json!(10_000_000))]),
        ("`temperature`", vec![one("temperature", json!(0.5))]),
        ("`top_p`", vec![one("top_p", json!(0.5))]),
        ("`top_k`", vec![one("top_k", json!(40))]),
        ("`stop_sequences`, up to 4", vec![one("stop_sequences", json!(["x", "y"]))]),
        ("`stop_sequences`, more", vec![one("stop_sequences", json!(["a", "b", "c", "d", "e"]))]),
        ("`stream`", vec![one("stream", json!(true))]),
        ("`metadata.user_id`", vec![one("metadata", json!({"user_id": "a"}))]),
        ("`thinking`", vec![one("thinking", json!({"type": "enabled", "budget_tokens": 1024}))]),
        ("`output_config.format`: a schema", vec![one("output_config", json!({"format": {"type": "json_schema"}}))]),
        ("`output_config.effort`", vec![one("output_config", json!({"effort": "low"}))]),
        ("`mcp_servers`, `container`", vec![one("mcp_servers", json!([{"url": "https://a.example"}])), one("container", json!("a"))]),
        ("`service_tier`, and all else", vec![one("service_tier", json!("auto"))]),
    ]
}
