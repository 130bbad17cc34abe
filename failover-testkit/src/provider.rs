//! [`Provider`]: a running server, the handle with which a rehearsal directs it.

use crate::acceptor::Acceptor;
use crate::chat::{Dialect, tokens};
use crate::fault::Fault;
use crate::jobs::JobEnd;
use crate::kind::Kind;
use crate::pace::Pace;
use crate::reply::Reply;
use crate::seen::Seen;
use crate::stage::Stage;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// A provider on 127.0.0.1, listening from construction until it is dropped.
///
/// Each request gets the next reply of the [script](Self::script); after that what was set with [`always`](Self::always);
/// else the healthy answer. A [model](Self::model) may have replies of its own. A reply is used up by the request that gets it, whichever connection that came on.
///
/// HTTP/2 is read so far that its requests can be counted, and then sent away (`GOAWAY`); of these requests the log has the
/// body only, and they take no reply. What is neither is answered with 400, a head above 64 KiB with 431, a body above 32 MiB with 413. Such a request
/// is not logged and takes no reply, and its connection is closed.
///
/// Dropping it closes the port and every connection, wakes what hangs in [`Reply::silence`] or [`Reply::delay`], and
/// returns when all of its threads have let go of their sockets.
///
/// # Panics
///
/// The constructors panic when the machine has no free port on loopback or cannot start a thread.
pub struct Provider {
    stage: Arc<Stage>,
    acceptor: Acceptor,
    elsewhere: OnceLock<Box<Self>>,
}

impl Provider {
    /// FAL (`fal.run`). A `POST` on any model path (owner, app, and whatever comes after them; one segment more below
    /// `workflows` and `comfy`) is answered with 200 and `x-fal-request-id`, in the shape of the app: ideogram, recraft,
    /// kling, minimax, wan, sora, whisper, elevenlabs, and all others in that of flux, which reads `prompt`,
    /// `image_size`, `num_images`, `seed` and `output_format`. Other methods get 405, job paths (`../requests/..`) and
    /// shorter paths 404. No key is asked for.
    pub fn fal() -> Self {
        Self::start(Kind::Fal)
    }

    /// FAL's queue (`queue.fal.run`), on a port of its own. A `POST` on a model path submits a job: 200 with its id and
    /// its URLs on this provider, all below `/{owner}/{app}/requests/{id}`.
    ///
    /// | request | answer |
    /// |---|---|
    /// | `GET ../status` | 202 `IN_QUEUE`, at the next request 202 `IN_PROGRESS`, then 200 `COMPLETED` ([`jobs`](Self::jobs)) |
    /// | `GET ../status/stream` | what is left of these as events, all at once; the job has ended then |
    /// | `GET ..` | the result in the shape of the model, and 400 until `COMPLETED` was said |
    /// | `PUT ../cancel` | 202 `CANCELLATION_REQUESTED` and the job goes on; 400 `ALREADY_COMPLETED`; 404 `NOT_FOUND` |
    ///
    /// `logs=1` or `logs=true` adds a line of logs. Jobs that it does not know, also those of another app, get 404. No
    /// webhook is called. No key is asked for.
    pub fn fal_queue() -> Self {
        Self::start(Kind::FalQueue)
    }

    /// Replicate (`api.replicate.com`). `POST /v1/predictions`, `POST /v1/models/{owner}/{name}/predictions` and
    /// `POST /v1/deployments/{owner}/{name}/predictions` are answered with 201 and a prediction, its `urls` on this
    /// provider. With `Prefer: wait`, confirmed by `Preference-Applied`, it has succeeded, else it is `starting`.
    ///
    /// `GET /v1/predictions/{id}` says `processing`, from the next request on `succeeded` ([`jobs`](Self::jobs)).
    /// `POST /v1/predictions/{id}/cancel` ends what has not ended and says how it stands.
    /// `GET /v1/models/{owner}/{name}/versions/{hash}` knows every version. The rest gets 404. No key is asked for.
    ///
    /// The output is that of the model: a URL of an image or a video, a transcript, and for all others, also where only
    /// a hash was given, a list of `num_outputs` URLs.
    pub fn replicate() -> Self {
        Self::start(Kind::Replicate)
    }

    /// NexaAPI. `POST /v1/images/generate` is answered with 200 and a completed job, its images counted by `n` or
    /// `num_images`; likewise `/v1/videos/generate`, `/v1/audio/speech` (one URL each) and `/v1/audio/transcriptions`
    /// (`text`, `language`, `duration`, `segments`), and `/v1/audio/speech` transcribes too if it is given an
    /// `audio_url`. `GET /v1/jobs/{id}` has something to say after [`jobs`](Self::jobs). The rest gets 404, and
    /// everything without `Authorization: Bearer` or both `X-RapidAPI-Key` and `X-RapidAPI-Host` 401.
    pub fn nexa() -> Self {
        Self::start(Kind::Nexa)
    }

    /// OpenAI (`api.openai.com`). `POST /v1/chat/completions` is answered with 200 and a [text](Self::text), whole or, with
    /// `"stream": true`, as events, one chunk each, in the end the usage if `stream_options.include_usage` asks for it.
    /// `GET /v1/models` lists two models; any other may be asked for too, and the answer names it. What has no
    /// `Authorization: Bearer` gets 401, what has no `model` or no `messages` 400, the rest 404.
    pub fn openai() -> Self {
        Self::start(Kind::OpenAi("openai"))
    }

    /// Together (`api.together.xyz`): as [`openai`](Self::openai), with ids and some words of its own.
    pub fn together() -> Self {
        Self::start(Kind::OpenAi("together"))
    }

    /// Somebody else who answers as [`openai`](Self::openai) does, in the same places. Its text says `name`.
    pub fn openai_compatible(name: &'static str) -> Self {
        Self::start(Kind::OpenAi(name))
    }

    /// Anthropic (`api.anthropic.com`). `POST /v1/messages` is answered with 200 and a [text](Self::text), whole or, with
    /// `"stream": true`, as events from `message_start` to `message_stop`. `GET /v1/models` lists two models; any other may be
    /// asked for too. What has neither `x-api-key` nor `Authorization: Bearer` gets 401, what has no `anthropic-version` or lacks
    /// `model`, `messages` or `max_tokens` 400, the rest 404.
    pub fn anthropic() -> Self {
        Self::start(Kind::Anthropic)
    }

    fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("loopback should have a free port for a provider");
        let address = listener.local_addr().expect("a bound listener should know its address");
        let stage = Arc::new(Stage::new(kind, format!("http://{address}")));
        let acceptor = Acceptor::start(listener, address, Arc::clone(&stage));
        Self { stage, acceptor, elsewhere: OnceLock::new() }
    }

    /// The base URL, `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        self.stage.base.clone()
    }

    /// Appends to the script: the next requests get these replies in order, then all is as before.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.stage.script.append(None, replies);
    }

    /// From now on every request gets this reply, once the script is used up.
    pub fn always(&self, reply: Reply) {
        self.stage.script.always(None, reply);
    }

    /// From now on every request for this model (`model` in its JSON body) gets this reply, and the others what they get anyway. It
    /// takes no reply of the [script](Self::script). [`heal`](Self::heal) ends it.
    pub fn model(&self, name: &str, reply: Reply) {
        self.stage.script.always(Some(name), reply);
    }

    /// From now on it fails in this way, and is to be asked at this base URL: its own, or one where nobody gets through.
    /// [`heal`](Self::heal) ends it, but for the ends of jobs and what another URL stands for.
    ///
    /// How jobs end ([`Fault::JobFails`], [`Fault::JobNeverEnds`]) changes nothing at a provider that has none: [`fal`](Self::fal), and
    /// those who chat.
    ///
    /// # Panics
    ///
    /// If the fault is one of [`Fault::STREAMED`] and the provider streams no chats: it would stay healthy, and the rehearsal would
    /// have tested nothing.
    #[track_caller]
    pub fn misbehave(&self, fault: Fault) -> String {
        self.misbehave_at(fault, Pace::PUBLISHED)
    }

    /// As [`misbehave`](Self::misbehave), with other timings than those that were published.
    ///
    /// # Panics
    ///
    /// As [`misbehave`](Self::misbehave) does.
    #[track_caller]
    pub fn misbehave_at(&self, fault: Fault, pace: Pace) -> String {
        fault.begin(&self.stage, self, None, pace)
    }

    /// As [`misbehave_at`](Self::misbehave_at), but only the requests for this model (`model` in their JSON body) meet the fault. Where
    /// it lies in the address or in how jobs end, it is everybody's.
    ///
    /// # Panics
    ///
    /// As [`misbehave`](Self::misbehave) does.
    #[track_caller]
    pub fn model_misbehaves(&self, name: &str, fault: Fault, pace: Pace) -> String {
        fault.begin(&self.stage, self, Some(name), pace)
    }

    /// Another provider of this kind, on another port: where a redirect leads that leads away. It starts when it is first
    /// asked for.
    pub fn elsewhere(&self) -> &Self {
        self.elsewhere.get_or_init(|| Box::new(Self::start(self.stage.kind)))
    }

    /// A URL there, at which something is generated.
    pub(crate) fn somewhere_else(&self) -> String {
        format!("{}{}", self.elsewhere().url(), self.stage.kind.path())
    }

    /// Empties the script and ends [`always`](Self::always) and [`model`](Self::model): the next request gets a healthy answer. Requests that hang
    /// already go on hanging.
    pub fn heal(&self) {
        self.stage.script.heal();
    }

    /// From now on a new job is unfinished for the first so many times that it is asked after: pending the first time,
    /// then processing, then it has [ended](Self::jobs_end). Of its own accord FAL's queue takes 2, Replicate 1.
    ///
    /// NexaAPI takes 0: what is generated is in the first answer. With more that answer is `pending` and has an `id`, and
    /// `GET /v1/jobs/{id}` tells the rest, in the end with a `result`.
    ///
    /// Only healthy answers count, and only the last 10,000 jobs are remembered. [`Provider::fal`] has no jobs.
    pub fn jobs(&self, polls: u32) {
        self.stage.jobs.set_polls(polls);
    }

    /// From now on a new job ends so, also one that was waited for (`Prefer: wait`) or that ends in the first answer.
    /// Neither this nor [`jobs`](Self::jobs) is undone by [`heal`](Self::heal).
    pub fn jobs_end(&self, end: JobEnd) {
        self.stage.jobs.set_end(end);
    }

    /// What it says on a good day, whatever it is asked: 60 tokens that name it, `openai1 openai2 ..`. Nothing of those that do not
    /// chat.
    pub fn text(&self) -> String {
        self.first_tokens(usize::MAX)
    }

    /// The beginning of [`text`](Self::text): so many tokens of it, which is what a stream that broke off has delivered.
    pub fn first_tokens(&self, count: usize) -> String {
        let name = self.stage.kind.dialect().map(Dialect::name);
        name.into_iter().flat_map(tokens).take(count).collect()
    }

    /// Whether the URLs of media in its answers point at this provider, below `/media/`, and not at a host out of reach.
    ///
    /// Every provider serves `GET /media/..` in any case, without a key and whatever the path: an image of one pixel, or
    /// the beginning of a video or a recording, as the extension has it.
    pub fn media_here(&self, here: bool) {
        self.stage.media_here.store(here, Ordering::Relaxed);
    }

    /// Every request that arrived, complete and in order, since the start or the last [`forget`](Self::forget). A
    /// request is in here before its client gets the first byte of the answer.
    pub fn seen(&self) -> Vec<Seen> {
        self.stage.script.seen()
    }

    /// How many requests [`seen`](Self::seen) holds.
    pub fn count(&self) -> usize {
        self.stage.script.count()
    }

    /// Empties the log. The script stays.
    pub fn forget(&self) {
        self.stage.script.forget();
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("kind", &self.stage.kind)
            .field("url", &self.stage.base)
            .finish_non_exhaustive()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stage.connections.stop();
        self.acceptor.join();
        self.stage.connections.wait_until_none();
    }
}
