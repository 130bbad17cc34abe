//! The models that can be asked for, out of the tables and the user's `fallbacks`: nobody is asked for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use failover_reqwest::{ChatApi, ProviderName};
use serde_json::{Value, json};

use super::{Gateway, Refusal, first_segment};

/// The list, as OpenAI has it, or as Anthropic does for Anthropic's clients.
pub(super) async fn list(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let Some((provider, api)) = asked(&gateway, &request) else {
        return Refusal::nowhere(gateway.shape(request.uri().path())).into_response();
    };
    let config = gateway.failover.config();
    let models = config.text_models().filter(|model| model.provider == provider);
    let models: Vec<_> = models.map(|model| shown(provider, api, model.id)).collect();
    match api {
        ChatApi::Messages => {
            let id = |model: Option<&Value>| model.map_or(Value::Null, |model| model["id"].clone());
            let (first, last) = (id(models.first()), id(models.last()));
            Json(json!({ "data": models, "has_more": false, "first_id": first, "last_id": last }))
                .into_response()
        }
        _ => Json(json!({ "object": "list", "data": models })).into_response(),
    }
}

/// One of them.
pub(super) async fn one(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let path = request.uri().path();
    let id = path.split_once("/models/").map_or("", |(_, id)| id);
    let found = asked(&gateway, &request).filter(|(provider, _)| {
        gateway.failover.config().text_models().any(|model| model.provider == *provider && model.id == id)
    });
    match found {
        Some((provider, api)) => Json(shown(provider, api, id)).into_response(),
        None => Refusal::no_model(gateway.shape(path)).into_response(),
    }
}

/// Whose models are asked for.
fn asked(gateway: &Gateway, request: &Request) -> Option<(ProviderName, ChatApi)> {
    let provider = match first_segment(request.uri().path()) {
        "v1" if request.headers().contains_key("anthropic-version") => ProviderName::Anthropic,
        "v1" => gateway.settings.completions,
        name => ProviderName::by_name(name)?,
    };
    Some((provider, gateway.failover.config().chat_api(provider)?))
}

fn shown(provider: ProviderName, api: ChatApi, id: &str) -> Value {
    match api {
        // The day is unknown here, and their types want one.
        ChatApi::Messages => json!({
            "type": "model", "id": id, "display_name": id, "created_at": "1970-01-01T00:00:00Z",
        }),
        _ => json!({ "id": id, "object": "model", "created": 0, "owned_by": provider.as_str() }),
    }
}
