//! The lists of models, and what is at no address.

use failover_reqwest::ProviderName;

use crate::scene::{Running, Scene, json_of};

fn ids(list: &serde_json::Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_tables_and_the_fallbacks_are_listed_in_the_askers_shape_and_nobody_is_asked() {
    let scene = Scene::new();
    let builder = scene.builder().fallbacks("openai/our-tune", ["anthropic/claude-sonnet-4-5"]);
    let gateway = Running::new(builder, |_| {}).await;
    let list = json_of(gateway.get("/v1/models").send().await.unwrap()).await;
    assert_eq!((&list["object"], &list["data"][0]["object"]), (&"list".into(), &"model".into()));
    assert!(ids(&list).contains(&"gpt-4o") && ids(&list).contains(&"our-tune"), "{list}");
    assert!(list["data"].as_array().unwrap().iter().all(|model| model["owned_by"] == "openai"));

    let claudes = gateway.get("/v1/models").header("anthropic-version", "2023-06-01").send().await.unwrap();
    let claudes = json_of(claudes).await;
    assert!(ids(&claudes).contains(&"claude-sonnet-4-5") && !ids(&claudes).contains(&"gpt-4o"), "{claudes}");
    assert_eq!((&claudes["has_more"], &claudes["data"][0]["type"]), (&false.into(), &"model".into()));
    assert_eq!(json_of(gateway.get("/anthropic/v1/models").send().await.unwrap()).await, claudes);
    let together = json_of(gateway.get("/together/v1/models").send().await.unwrap()).await;
    assert_eq!(together["data"][0]["owned_by"], "together");

    let one = gateway.get("/v1/models/gpt-4o").send().await.unwrap();
    assert_eq!(json_of(one).await["id"], "gpt-4o");
    for nobodys in ["/v1/models/nothing", "/nobody/v1/models", "/fal/v1/models/x"] {
        let status = gateway.get(nobodys).send().await.unwrap().status();
        assert!(status.is_client_error(), "{nobodys}: {status}");
    }
    let nothing = json_of(gateway.get("/v1/models/nothing").send().await.unwrap()).await;
    assert_eq!(nothing["error"]["code"], "model_not_found");
    assert_eq!((scene.openai.count(), scene.anthropic.count()), (0, 0));
    let change = |it: &mut crate::app::Settings| it.completions = ProviderName::Together;
    let gateway = Running::new(scene.builder(), change).await;
    assert_eq!(json_of(gateway.get("/v1/models").send().await.unwrap()).await, together);
}

#[tokio::test]
async fn who_has_lost_the_way_is_told_the_addresses() {
    let gateway = Scene::new().gateway().await;
    for (nobodys, message, code) in [
        ("/", "/error/message", Some("not_found")),
        ("/chat/completions", "/error/message", Some("not_found")),
        ("/nobody/v1/chat/completions", "/error/message", Some("not_found")),
        ("/nobody/v1/models", "/error/message", Some("not_found")),
        ("/anthropic", "/error/message", None),
        ("/replicate", "/detail", None),
        ("/api/fal", "/detail", None),
    ] {
        let response = gateway.get(nobodys).send().await.unwrap();
        assert_eq!(response.status(), 404, "{nobodys}");
        let said = json_of(response).await;
        assert_eq!(said["error"]["code"].as_str(), code, "{nobodys}: {said}");
        let told = said.pointer(message).and_then(|message| message.as_str()).unwrap();
        for address in
            ["/v1/messages", "/replicate/v1/", "/fal/", "/queue/", "/api/fal/proxy", "/metrics", "/healthz"]
        {
            assert!(told.contains(address), "{nobodys}: {told}");
        }
        assert!(!told.contains('\n'));
    }
}
