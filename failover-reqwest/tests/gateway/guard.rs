//! Who is let in, and where the gateway may listen.

use failover_testkit::Reply;

use crate::app::{Token, may_listen};
use crate::scene::{CALLERS_KEY, Running, Scene, TOKEN, gpt, json_of, served_by, token};

#[test]
fn without_a_token_it_listens_on_this_machine_only() {
    for address in ["127.0.0.1:8080", "127.0.0.2:0", "[::1]:8080"] {
        may_listen(address.parse().unwrap(), None).unwrap();
    }
    for address in ["0.0.0.0:8080", "[::]:8080", "192.168.0.1:8080", "10.0.0.1:80"] {
        let refused = may_listen(address.parse().unwrap(), None).unwrap_err();
        assert!(refused.contains("FAILOVER_GATEWAY_TOKEN") && refused.contains(address), "{refused}");
        may_listen(address.parse().unwrap(), token().as_ref()).unwrap();
    }
}

#[test]
fn a_token_is_long_and_shows_itself_to_nobody() {
    for odd in ["", "short", "has white space in it", "has-a-line-break\nin-it", "nicht-ganz-ascii-ü-ist-das"]
    {
        assert!(Token::new(odd).is_err(), "{odd:?}");
    }
    assert!(Token::new("").unwrap_err().starts_with("is empty"));
    assert!(!format!("{:?}", token()).contains(TOKEN));
}

#[tokio::test]
async fn whoever_shows_the_token_is_let_in_and_it_goes_no_further() {
    let scene = Scene::new();
    scene.openai.always(Reply::status(503));
    let gateway = Running::new(scene.builder(), |settings| settings.token = token()).await;
    let ask = || gateway.post("/v1/chat/completions", &gpt(false)).bearer_auth(CALLERS_KEY);
    let longer = format!("{TOKEN}x");
    for shown in [None, Some(""), Some("gateway-secret-0007"), Some(&TOKEN[1..]), Some(&longer)] {
        let request = shown.into_iter().fold(ask(), |it, shown| it.header("x-gateway-token", shown));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{shown:?}");
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert_eq!(json_of(response).await["error"]["code"], "invalid_api_key");
    }
    assert_eq!((scene.openai.count(), scene.anthropic.count()), (0, 0));
    for path in ["/metrics", "/v1/models", "/nowhere"] {
        assert_eq!(gateway.get(path).send().await.unwrap().status(), 401, "{path}");
    }
    assert_eq!(gateway.get("/healthz").send().await.unwrap().status(), 200, "it says nothing");
    let response = ask().header("x-gateway-token", TOKEN).send().await.unwrap();
    assert_eq!(served_by(&response), Some("anthropic"));
    scene.assert_no_key_leaked();
}

#[tokio::test]
async fn a_web_page_is_no_caller_of_this_machine() {
    let scene = Scene::new();
    let gateway = scene.gateway().await;
    let ask = |name: &str, value: &str| {
        let request = gateway.post("/v1/chat/completions", &gpt(false)).bearer_auth(CALLERS_KEY);
        request.header(name, value).send()
    };
    // A name that its owner has pointed at this machine, and a page that sends what needs no leave.
    let refused = [
        ("host", "evil.example"),
        ("host", "127.0.0.1.evil.example"),
        ("host", "localhost@evil.example"),
        ("origin", "https://evil.example"),
        ("origin", "http://localhost.evil.example"),
        ("origin", "null"),
    ];
    for (name, value) in refused {
        let response = ask(name, value).await.unwrap();
        assert_eq!(response.status(), 403, "{name}: {value}");
        assert!(json_of(response).await["error"]["message"].is_string());
    }
    assert_eq!(scene.openai.count(), 0);
    for (name, value) in [("origin", "http://localhost:3000"), ("host", "[::1]:8080"), ("host", "LOCALHOST")]
    {
        assert_eq!(ask(name, value).await.unwrap().status(), 200, "{name}: {value}");
    }
}
