//! What only ureq's own loop can give an answer: its private marks, and what the caller wants done with its status.
//!
//! `ResponseExt::get_uri` panics on an answer without the first, and whether a failing status is an answer or an error is a
//! setting that nobody but ureq can read. An answer of ours takes the marks of the asked provider's own answer. Where there
//! is none (it was an error, or nobody had to be asked at all), ureq is run with the caller's settings on a connection that
//! leads nowhere and says that status. Nothing leaves the process.
//!
//! This takes ureq's `unversioned` API, which may change with a minor version of ureq.

use std::sync::LazyLock;

use http::{Extensions, Request, StatusCode, Uri};
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error, RequestExt};

/// The marks of an answer of this status from this URL; or, where the caller wants that, the error that such a status is.
/// `settings` are the extensions of the caller's request, as far as they are still here.
pub(crate) fn of(uri: &Uri, settings: Extensions, status: StatusCode) -> Result<Extensions, Error> {
    // A proxy of the environment's would have to be dialled first. Looking for it is half of the work, so it is done once.
    static PLAIN: LazyLock<Config> =
        LazyLock::new(|| Config::builder().proxy(None).http_status_as_error(false).build());
    let agent = Agent::with_parts(PLAIN.clone(), Nowhere(status), Nowhere(status));
    let plain = || {
        let mut request = Request::new(());
        request.uri_mut().clone_from(uri);
        request
    };
    let mut own = plain();
    *own.extensions_mut() = settings;
    let own = own.middleware_config().map_or_else(plain, |config| config.build());
    match agent.run(own) {
        Err(error @ Error::StatusCode(_)) => Err(error),
        // Settings under which not even this goes through are no reason to have no answer.
        result => {
            let answer = result.or_else(|_| agent.run(plain()));
            Ok(answer.map(|answer| answer.into_parts().0.extensions).unwrap_or_default())
        }
    }
}

#[derive(Debug)]
struct Nowhere(StatusCode);

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

impl Connector for Nowhere {
    type Out = Echo;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Echo>, Error> {
        let answer = format!("HTTP/1.1 {}\r\ncontent-length: 0\r\n\r\n", self.0);
        // The head of the request must fit, and the URL is the only part of it that can be long.
        let buffers = LazyBuffers::new(answer.len(), details.uri.to_string().len() + 1024);
        Ok(Some(Echo { answer, buffers }))
    }
}

#[derive(Debug)]
struct Echo {
    answer: String,
    buffers: LazyBuffers,
}

impl Transport for Echo {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), Error> {
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let room = self.buffers.input_append_buf().iter_mut();
        let written = room.zip(self.answer.bytes()).map(|(to, from)| *to = from).count();
        self.buffers.input_appended(written);
        Ok(true)
    }

    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        // What leads nowhere is read by nobody.
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Response;
    use ureq::middleware::MiddlewareNext;
    use ureq::{Body, ResponseExt, SendBody};

    use super::*;

    fn agent(status_as_error: bool) -> Agent {
        let middleware = |request: Request<SendBody<'_>>, _: MiddlewareNext<'_>| {
            let (parts, _) = request.into_parts();
            let marks = of(&parts.uri, parts.extensions, StatusCode::IM_A_TEAPOT)?;
            let mut answer = Response::new(Body::builder().data("made here"));
            *answer.extensions_mut() = marks;
            Ok(answer)
        };
        Agent::config_builder().middleware(middleware).http_status_as_error(status_as_error).build().into()
    }

    #[test]
    fn every_url_that_can_be_dialled_has_marks() {
        let long = format!("https://queue.fal.run/a/b/requests/nx_{}/status?logs=1", "x".repeat(60_000));
        let agent = agent(false);
        for url in ["https://fal.run/a/b", "http://127.0.0.1:1/", "http://[::1]:9/x?y=%20", long.as_str()] {
            let answer = agent.get(url).call().expect("an answer");
            assert_eq!(answer.get_uri().to_string(), url);
            let forced = Request::get(url).body("a body").expect("a request");
            assert_eq!(agent.run(forced).expect("an answer").get_uri().to_string(), url);
        }
    }

    #[test]
    fn a_failing_status_is_what_the_caller_wants_it_to_be() {
        let url = "https://fal.run/a/b";
        let is_error = |result: Result<_, Error>| matches!(result, Err(Error::StatusCode(418)));
        for setting in [false, true] {
            let agent = agent(setting);
            assert_eq!(is_error(agent.get(url).call()), setting);
            assert_eq!(is_error(agent.post(url).send("x")), setting);
            assert_eq!(is_error(agent.run(Request::put(url).body("x").expect("a request"))), setting);
            let other = agent.get(url).config().http_status_as_error(!setting).build();
            assert_eq!(is_error(other.call()), !setting, "what the request itself says comes first");
        }
    }

    #[test]
    fn settings_that_forbid_it_cost_the_setting_only() {
        let agent = agent(true);
        let hasty = agent.get("https://fal.run/a").config().timeout_global(Some(Duration::ZERO)).build();
        assert_eq!(hasty.call().expect("an answer").get_uri().path(), "/a");
    }
}
