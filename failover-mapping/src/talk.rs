//! One attempt on a stand-in. It can be a small conversation: submit, ask for the job, ask again, fetch the files.
//!
//! ```text
//!  submit ──► answer ───────────────► fetch ──► fetch ──► done       fetch: only if the files are wanted as data
//!    │          │                       ▲
//!    │          └─► job ─► pause ─► job ┘                            pause: as long as the job is not finished
//!    └─► failed            │
//!                          └─► done: the job's id, if the caller does not wait for its end
//! ```
//!
//! It says what to send and when to pause, and obeys nobody's clock but the one it is told. What was accepted as a job may be
//! billed, so from then on no failure is one that allows the same request to be sent again.

use std::time::{Duration, SystemTime};

use failover_core::{Fault, Moment};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use url::Url;

use crate::catalogue::Catalogue;
use crate::data::ProviderData;
use crate::form::{File, Produced};
use crate::gather::{Reader, Said, Unusable};
use crate::media;
use crate::route::{CROSSING, Crossing};
use crate::standing::Standing;
use crate::{hint, verdict};

/// What to do next.
pub(crate) enum Turn {
    Send(Request<Vec<u8>>),
    Pause(Duration),
    End(End),
}

/// How a talk ended.
pub(crate) enum End {
    Done(Produced),
    /// The stand-in works on it under this id.
    Job {
        id: String,
        queued: bool,
    },
    Failed {
        fault: Fault,
        retry_after: Option<Duration>,
        note: Option<String>,
    },
}

/// How long the caller waits for the end of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A job's id is as good as its result.
    Never,
    Until(Moment),
    Always,
}

/// Whether the files are wanted as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inline {
    No,
    /// When the result is asked for. Until then it is enough that they can be fetched.
    Later,
    /// At most this many bytes together.
    Now(usize),
}

/// What all turns of a talk have in common.
pub(crate) struct Talk<'c> {
    pub(crate) standing: &'c Standing,
    pub(crate) data: &'c ProviderData,
    pub(crate) catalogue: &'c Catalogue,
    pub(crate) reader: Reader<'c>,
    pub(crate) wait: Wait,
    pub(crate) inline: Inline,
    pub(crate) interval: Duration,
    pub(crate) crossing: Crossing,
    pub(crate) stage: Stage,
    /// Questions for the job that nobody answered, in a row.
    pub(crate) troubles: u32,
    /// Nobody worked on it when it was asked for.
    pub(crate) was_queued: bool,
    /// When the job was accepted, if its id says so.
    pub(crate) born: Option<SystemTime>,
    /// The stand-in has made what was asked for.
    pub(crate) made: bool,
}

/// How far it is.
pub(crate) enum Stage {
    Submit,
    Job(String),
    Fetch { produced: Produced, next: usize, bytes: usize },
}

/// Where files are is no news of the provider's models, so nobody is blamed for it.
const UNFETCHED: Fault = Fault::Unsupported;

/// A job that was accepted so lately need not be known everywhere yet.
const YOUTH: Duration = Duration::from_secs(60);

/// So many questions for a job in a row may fail before the attempt does.
const PATIENCE: u32 = 5;

impl<'c> Talk<'c> {
    /// Submits this.
    pub(crate) fn submit(&mut self, address: Uri, body: Vec<u8>, prefer: Option<HeaderValue>) -> Turn {
        let mut request = match self.request(Method::POST, address, body) {
            Ok(request) => request,
            Err(note) => return failed(Fault::Unauthenticated, Some(note)),
        };
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(prefer) = prefer {
            request.headers_mut().insert("prefer", prefer);
        }
        Turn::Send(request)
    }

    /// Asks for the job, or fetches the next file.
    pub(crate) fn go_on(&mut self) -> Turn {
        match &self.stage {
            Stage::Submit => failed(Fault::Broken, None),
            Stage::Job(id) => match self.standing.job(self.catalogue, id) {
                Some(address) => match self.request(Method::GET, address, Vec::new()) {
                    Ok(request) => Turn::Send(request),
                    Err(_) if self.is_id_enough() => self.handed_out(id),
                    // Whether it was carried out is not known.
                    Err(note) => failed(Fault::Gateway, Some(note)),
                },
                None => failed(Fault::Empty, Some(format!("{}'s jobs cannot be asked for", self.name()))),
            },
            Stage::Fetch { produced, next, .. } => {
                let file = produced.files.iter().skip(*next).find(|file| !file.url.starts_with("data:"));
                let Some(file) = file else {
                    let Stage::Fetch { produced, .. } = std::mem::replace(&mut self.stage, Stage::Submit)
                    else {
                        return failed(Fault::Empty, None);
                    };
                    return Turn::End(End::Done(produced));
                };
                match self.address_of(file) {
                    // A file has no need to know who asks for it.
                    Some(address) => {
                        let mut request = Request::new(Vec::new());
                        *request.uri_mut() = address;
                        Turn::Send(request)
                    }
                    None => self.undeclared(file),
                }
            }
        }
    }

    /// The stand-in answered.
    pub(crate) fn heard(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Moment,
        wall: impl Fn() -> SystemTime,
    ) -> Turn {
        if matches!(self.stage, Stage::Fetch { .. }) {
            return self.fetched(status, headers, body);
        }
        if !status.is_success() {
            let fault = verdict::fault(&self.data.verdicts, status, headers, Some(body));
            let retry_after = hint::of(headers, Some(body), &wall);
            let age = self.born.and_then(|born| wall().duration_since(born).ok());
            let young = age.is_some_and(|age| age < YOUTH);
            return self.refused(status, fault, retry_after, young, now);
        }
        let read = self.reader.answer(body, status == StatusCode::ACCEPTED);
        // A page of somebody between says nothing of the job behind it.
        if matches!(self.stage, Stage::Job(_))
            && let Err(Unusable { fault: fault @ Fault::Malformed, .. }) = read
        {
            return self.trouble(fault, None, now);
        }
        self.troubles = 0;
        match read {
            Ok(Said::Done(produced)) => self.produced(produced),
            Ok(Said::Pending { id, queued }) => self.pending(id, queued, now),
            Err(Unusable { fault, note }) => Turn::End(End::Failed { fault, retry_after: None, note }),
        }
    }

    /// The stand-in did not answer.
    pub(crate) fn lost(&mut self, fault: Fault, now: Moment) -> Turn {
        match self.stage {
            Stage::Submit => {
                Turn::End(End::Failed { fault: verdict::of_stand_in(fault), retry_after: None, note: None })
            }
            Stage::Job(_) => self.trouble(fault, None, now),
            Stage::Fetch { .. } => failed(UNFETCHED, Some(self.not_fetched())),
        }
    }

    /// The attempt's time is up.
    pub(crate) fn expired(&self) -> Turn {
        let note = match &self.stage {
            Stage::Job(id) if self.is_id_enough() => return self.handed_out(id),
            Stage::Job(_) => Some(format!("{} accepted the request and was not done in time", self.name())),
            Stage::Fetch { .. } => return failed(UNFETCHED, Some(self.not_fetched())),
            Stage::Submit => None,
        };
        failed(Fault::Timeout, note)
    }

    /// A caller who waits for some time only takes the job's id in the end.
    const fn is_id_enough(&self) -> bool {
        matches!(self.wait, Wait::Until(_))
    }

    fn handed_out(&self, id: &str) -> Turn {
        Turn::End(End::Job { id: id.to_owned(), queued: self.was_queued })
    }

    fn refused(
        &mut self,
        status: StatusCode,
        fault: Fault,
        retry_after: Option<Duration>,
        young: bool,
        now: Moment,
    ) -> Turn {
        let job = matches!(self.stage, Stage::Job(_));
        let unknown = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        // A job that was accepted a moment ago need not be known everywhere yet.
        let again = young || self.is_patient(self.interval, now) && self.troubles + 1 < PATIENCE;
        if job && (later || (unknown && again)) {
            return self.trouble(fault, retry_after, now);
        }
        if job && unknown {
            let note = format!("{} does not know its own job any more", self.name());
            return failed(Fault::ErrorInSuccess, Some(note));
        }
        let note = verdict::note_of_stand_in(self.standing.provider, status, fault);
        let fault = if job { Fault::Gateway } else { verdict::of_stand_in(fault) };
        Turn::End(End::Failed { fault, retry_after, note })
    }

    /// A question for the job failed. The job itself may be well.
    fn trouble(&mut self, fault: Fault, retry_after: Option<Duration>, now: Moment) -> Turn {
        self.troubles += 1;
        let pause = retry_after.unwrap_or(self.interval).max(self.interval);
        if self.troubles < PATIENCE && self.is_patient(pause, now) {
            return Turn::Pause(pause);
        }
        if let Stage::Job(id) = &self.stage
            && self.is_id_enough()
        {
            return self.handed_out(id);
        }
        // Whether it was carried out is not known.
        let fault = if matches!(fault, Fault::Timeout | Fault::Malformed) { fault } else { Fault::Gateway };
        let note = format!("{} accepted the request as a job that cannot be asked for", self.name());
        Turn::End(End::Failed { fault, retry_after, note: Some(note) })
    }

    fn pending(&mut self, id: Option<String>, queued: bool, now: Moment) -> Turn {
        self.was_queued = queued;
        // A job's own answer need not repeat its id.
        let id = match (&self.stage, id) {
            (Stage::Job(id), _) => id.clone(),
            (_, Some(id)) => id,
            (_, None) => {
                let note = format!("{} accepted the request as a job and did not name it", self.name());
                return failed(Fault::Empty, Some(note));
            }
        };
        if !self.is_patient(self.interval, now) {
            return Turn::End(End::Job { id, queued });
        }
        self.stage = Stage::Job(id);
        Turn::Pause(self.interval)
    }

    /// Whether the caller waits so long.
    fn is_patient(&self, pause: Duration, now: Moment) -> bool {
        match self.wait {
            Wait::Never => false,
            Wait::Until(until) => now.plus(pause) <= until,
            Wait::Always => true,
        }
    }

    /// The longest that the next question may take: whoever hangs can be asked again, and nobody waits beyond the end.
    pub(crate) fn question(&self, now: Moment) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_secs(10);
        match (&self.stage, self.wait) {
            (Stage::Submit, _) => None,
            (Stage::Fetch { .. }, _) => Some(3 * LONGEST),
            (Stage::Job(_), Wait::Until(until)) => {
                Some(until.since(now).clamp(Duration::from_secs(1), LONGEST))
            }
            (Stage::Job(_), Wait::Never | Wait::Always) => Some(LONGEST),
        }
    }

    fn produced(&mut self, mut produced: Produced) -> Turn {
        self.made = true;
        match self.inline {
            Inline::No => return Turn::End(End::Done(produced)),
            Inline::Later | Inline::Now(_) => produced.files.truncate(self.reader.wanted),
        }
        if self.inline == Inline::Later {
            let mut outside = produced.files.iter().filter(|file| !file.url.starts_with("data:"));
            return match outside.find(|file| self.address_of(file).is_none()) {
                Some(file) => self.undeclared(file),
                None => Turn::End(End::Done(produced)),
            };
        }
        self.stage = Stage::Fetch { produced, next: 0, bytes: 0 };
        self.go_on()
    }

    fn fetched(&mut self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Turn {
        let note = self.not_fetched();
        let Stage::Fetch { produced, next, bytes } = &mut self.stage else {
            return failed(Fault::Malformed, None);
        };
        let place = produced.files.iter().skip(*next).position(|file| !file.url.starts_with("data:"));
        let file = place.and_then(|place| produced.files.get_mut(*next + place));
        *bytes = bytes.saturating_add(body.len());
        let fits = matches!(self.inline, Inline::Now(most) if *bytes <= most) && !body.is_empty();
        let Some(file) = file.filter(|_| fits && status == StatusCode::OK) else {
            return failed(UNFETCHED, Some(note));
        };
        if !media::inlined(file, headers, body) {
            return failed(UNFETCHED, Some(note));
        }
        *next += place.unwrap_or_default() + 1;
        self.go_on()
    }

    /// Where a file is fetched: on the provider's own media hosts or nowhere.
    fn address_of(&self, file: &File) -> Option<Uri> {
        let url = Url::parse(&file.url).ok().filter(|url| self.standing.holds(url))?;
        Uri::try_from(url.as_str()).ok()
    }

    fn undeclared(&self, file: &File) -> Turn {
        let (name, host) = (self.name(), media::host_of(&file.url));
        let note = format!("{name} keeps its files on {host}, which is not declared: add media_host(..)");
        failed(UNFETCHED, Some(note))
    }

    fn not_fetched(&self) -> String {
        format!("a file that {} made could not be fetched", self.name())
    }

    fn name(&self) -> &str {
        self.standing.provider.proper()
    }

    /// Why there is no key to send it with, if there is none.
    fn request(&self, method: Method, address: Uri, body: Vec<u8>) -> Result<Request<Vec<u8>>, String> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = address;
        let headers = request.headers_mut();
        self.standing.credentials.put(headers)?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in CROSSING.into_iter().zip(&self.crossing) {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        Ok(request)
    }
}

fn failed(fault: Fault, note: Option<String>) -> Turn {
    Turn::End(End::Failed { fault, retry_after: None, note })
}
