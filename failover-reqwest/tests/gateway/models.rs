//! The lists of models.

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
    assert_eq!((scene.openai.count(), scene.anthropic.count()), (0, 0));
    let change = |it: &mut crate::app::Settings| it.completions = ProviderName::Together;
    let gateway = Running::new(scene.builder(), change).await;
    assert_eq!(json_of(gateway.get("/v1/models").send().await.unwrap()).await, together);
}
