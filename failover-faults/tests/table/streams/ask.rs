//! The callers, each with its client and the failover in it.

use std::error::Error;
use std::io::Read as _;

use futures_lite::{AsyncReadExt as _, future};
use http::response::Parts;
use isahc::HttpClient;
use reqwest_middleware::ClientBuilder;
use tokio::runtime::Builder;
use ureq::Agent;

use super::read::{End, Heard};
use super::row::Caller;
use super::scene::Scene;

/// The answer, or the client's error: there is always an answer here.
pub(crate) fn ask(caller: Caller, scene: &Scene) -> Result<Heard, String> {
    let heard = match caller {
        Caller::Reqwest => by_reqwest(scene),
        Caller::Isahc => by_isahc(scene),
        Caller::IsahcBlocking => by_isahc_blocking(scene),
        Caller::Ureq => by_ureq(scene),
    };
    match heard {
        Ok(heard) => {
            scene.tell(format!("{:?}\n{}", heard.headers, heard.text()));
            Ok(heard)
        }
        Err(error) => {
            scene.tell(format!("{error}\n{error:?}"));
            Err(format!("no answer: {error:?}"))
        }
    }
}

type Asked = Result<Heard, Box<dyn Error>>;

fn heard<E: Error + 'static>(parts: Parts, body: Vec<u8>, end: Result<(), E>, scene: &Scene) -> Heard {
    let end = end.map_or_else(
        |error| {
            scene.tell(format!("{error}\n{error:?}"));
            End::of(&error)
        },
        |()| End::Clean,
    );
    Heard { status: parts.status.as_u16(), headers: parts.headers, body, end }
}

/// A client that knows no certificates, as nobody asks for any here: it is set up at once.
fn plain() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).build().unwrap()
}

fn by_reqwest(scene: &Scene) -> Asked {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let failover = scene.builder::<failover_reqwest::Failover>().build()?.with_stand_in_client(plain());
        let client = ClientBuilder::new(plain()).with(failover).build();
        let mut answer = client.execute(scene.question().try_into()?).await?;
        let (mut head, mut body) = (http::Response::new(()), Vec::new());
        *head.status_mut() = answer.status();
        head.headers_mut().clone_from(answer.headers());
        let end = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        Ok(heard(head.into_parts().0, body, end, scene))
    })
}

fn wrapped(scene: &Scene) -> Result<failover_isahc::Client, Box<dyn Error>> {
    Ok(scene.builder::<failover_isahc::Failover>().build()?.wrap(HttpClient::new()?))
}

fn by_isahc(scene: &Scene) -> Asked {
    let client = wrapped(scene)?;
    future::block_on(async {
        let (parts, mut stream) = client.send_async(scene.question()).await?.into_parts();
        let mut body = Vec::new();
        let end = stream.read_to_end(&mut body).await;
        Ok(heard(parts, body, end.map(drop), scene))
    })
}

fn by_isahc_blocking(scene: &Scene) -> Asked {
    let (parts, mut stream) = wrapped(scene)?.send(scene.question())?.into_parts();
    let mut body = Vec::new();
    let end = stream.read_to_end(&mut body);
    Ok(heard(parts, body, end.map(drop), scene))
}

fn by_ureq(scene: &Scene) -> Asked {
    let failover = scene.builder::<failover_ureq::Failover>().build()?;
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(scene.limit_of_unguarded_client())
        .middleware(failover)
        .build()
        .into();
    let (parts, stream) = agent.run(scene.question())?.into_parts();
    let mut body = Vec::new();
    let end = stream.into_reader().read_to_end(&mut body);
    Ok(heard(parts, body, end.map(drop), scene))
}
