//! The id of a job that was failed over: it says by itself where the job is, so that any process can answer for it.
//!
//! A caller is handed `nx_` and letters that every client and URL takes. They hold who was asked for what, who stands in, and
//! either the stand-in's job or the finished result, if that fits into 1,000 characters; a longer one lies in the
//! [`Store`](crate::Store). Prompts are never part of an id, because ids are logged: what an answer echoes lies in the store
//! too, and an answer without it is still one.
//!
//! An id is not a secret and is not trusted: it can name nothing but a job at a stand-in of this configuration, and the
//! URLs in it pass the same checks as those of an answer.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::form::{Produced, Size};
use crate::gather;
use crate::provider::ProviderName;
use crate::store::Records;
use crate::{json, media};

/// By this an id is known. No id of FAL's or Replicate's has an underscore.
const PREFIX: &str = "nx_";
/// The longest id that is handed out.
const LONGEST: usize = 1000;

/// A job that was failed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// The provider that was asked.
    #[serde(rename = "a")]
    asked: String,
    /// Its name of the model.
    #[serde(rename = "m")]
    pub(crate) model: String,
    /// The version that was named.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The provider that stands in.
    #[serde(rename = "s")]
    stand_in: String,
    #[serde(rename = "h")]
    pub(crate) held: Held,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<i64>,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Size>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u32>,
    /// A transcript was to be translated.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) translated: bool,
    /// How long the stand-in took, in milliseconds, if it is done.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    took: Option<u64>,
    /// The files are wanted as data.
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inline: bool,
    /// In milliseconds since 1970.
    #[serde(rename = "c")]
    created: u64,
}

/// Where the result is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Held {
    /// With the stand-in, under this id.
    #[serde(rename = "j")]
    Job(String),
    /// Here.
    #[serde(rename = "r")]
    Done(Produced),
    /// In the store. The number tells such ids apart.
    #[serde(rename = "s")]
    Stored(u64),
}

/// What lies in the store.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) produced: Option<Produced>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    #[serde(rename = "i", default, skip_serializing_if = "Map::is_empty")]
    pub(crate) input: Map<String, Value>,
}

/// What a ticket is made from.
#[derive(Debug)]
pub(crate) struct Issue<'a> {
    pub(crate) asked: ProviderName,
    pub(crate) model: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) stand_in: ProviderName,
    pub(crate) held: Held,
    pub(crate) seed: Option<i64>,
    pub(crate) size: Option<Size>,
    pub(crate) count: usize,
    pub(crate) translated: bool,
    pub(crate) took: Option<Duration>,
    pub(crate) inline: bool,
    pub(crate) created: SystemTime,
    pub(crate) echo: Record,
    /// Any number.
    pub(crate) number: u64,
}

impl Issue<'_> {
    /// The id to hand out. What it cannot hold goes to the store.
    pub(crate) fn id(self, records: &Records) -> String {
        let created = self.created.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut ticket = Ticket {
            asked: self.asked.as_str().to_owned(),
            model: self.model.to_owned(),
            version: self.version.map(str::to_owned),
            stand_in: self.stand_in.as_str().to_owned(),
            held: self.held,
            seed: self.seed,
            size: self.size,
            count: u32::try_from(self.count).ok().filter(|count| *count > 1),
            translated: self.translated,
            took: self.took.map(millis),
            inline: self.inline,
            created: millis(created),
        };
        let mut record = self.echo;
        // A picture that is data need not be written to know that it is too long.
        let long = matches!(&ticket.held, Held::Done(produced) if bytes(produced) > LONGEST);
        let mut id = if long { String::new() } else { ticket.encode() };
        if (long || id.len() > LONGEST)
            && let Held::Done(produced) = std::mem::replace(&mut ticket.held, Held::Stored(self.number))
        {
            record.produced = Some(produced);
            id = ticket.encode();
        }
        if let Ok(record) = serde_json::to_vec(&record) {
            records.put(&id, record);
        }
        id
    }
}

impl Ticket {
    /// Whether this id is one of ours, whatever it holds.
    pub(crate) fn is_id(id: &str) -> bool {
        id.starts_with(PREFIX)
    }

    fn encode(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(text))
    }

    /// Reads an id. None if it was not handed out by us, or is damaged. `local` is as for an answer's URLs.
    pub(crate) fn read(id: &str, local: bool) -> Option<Self> {
        let text =
            URL_SAFE_NO_PAD.decode(id.strip_prefix(PREFIX)?).ok().filter(|_| id.len() <= 2 * LONGEST)?;
        // Bounded in depth by the type, and in size by the id.
        let mut ticket: Self = serde_json::from_slice(&text).ok()?;
        match &mut ticket.held {
            Held::Job(id) if !gather::is_id(id) => return None,
            Held::Done(produced) if !is_sound(produced, local) => return None,
            Held::Job(_) | Held::Done(_) | Held::Stored(_) => {}
        }
        Some(ticket)
    }

    pub(crate) fn asked(&self) -> Option<ProviderName> {
        ProviderName::by_name(&self.asked)
    }

    pub(crate) fn stand_in(&self) -> Option<ProviderName> {
        ProviderName::by_name(&self.stand_in)
    }

    pub(crate) fn created(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_millis(self.created))
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// When the result was there, if that is known.
    pub(crate) fn ended(&self) -> Option<SystemTime> {
        self.created().checked_add(Duration::from_millis(self.took?))
    }

    /// What lies in the store under this id. `local` is as for an answer's URLs.
    pub(crate) fn record(id: &str, records: &Records, local: bool) -> Record {
        let kept = records.get(id);
        let record = kept.and_then(|text| json::object(&text).ok());
        let mut record: Record =
            record.and_then(|record| serde_json::from_value(Value::Object(record)).ok()).unwrap_or_default();
        // A store that others share is trusted no more than an id.
        record.produced = record.produced.filter(|produced| is_sound(produced, local));
        record
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// At least so many bytes are written for it.
fn bytes(produced: &Produced) -> usize {
    let text = produced.transcript.as_ref().map_or(0, |transcript| transcript.text.len());
    text + produced.files.iter().map(|file| file.url.len()).sum::<usize>()
}

/// A number that is the same for the same id (FNV-1a), for what an answer must name and nobody knows.
pub(crate) fn number(id: &str) -> u64 {
    id.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn is_sound(produced: &Produced, local: bool) -> bool {
    produced.files.iter().all(|file| {
        media::of_stand_in(&file.url, local).is_some()
            && file.content_type.as_deref().is_none_or(media::is_media_type)
            && file.duration.is_none_or(f64::is_finite)
    })
}

// Prompts are the caller's, so none is ever printed.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("produced", &self.produced).finish_non_exhaustive()
    }
}
