//! A provider of OpenAI's API that fails on schedule, as a process of its own.
//!
//! It writes its answers to the socket itself: a server that keeps to HTTP does not break off in the middle of a body.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::counts::{Counts, Outcome};
use crate::request::{Read, parse};
use crate::schedule::{Mood, Who, turn};
use crate::words::{self, Asked, FLAPPING, TOKENS};

/// How long a connection may be idle. Longer than a client keeps one that it does not use (reqwest: 90 s): who closes first meets
/// requests that are on their way, and a healthy provider would have failed.
const IDLE: Duration = Duration::from_secs(120);
/// As many connections may wait to be taken on as the system lets.
const BACKLOG: u32 = 65_535;

const JSON: &str = "content-type: application/json\r\n";

/// Serves until it is ended. Its schedule began at `epoch`, in milliseconds of Unix time, and a call takes so long.
pub(crate) async fn run(who: Who, epoch: u64, takes: Duration) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?);
    let provider = Arc::new(Provider { who, epoch, takes, counts: Counts::default() });
    loop {
        let (connection, _) = listener.accept().await.context("no further connection can be taken on")?;
        let provider = Arc::clone(&provider);
        tokio::spawn(async move {
            // A caller that goes away is no concern of ours.
            let _ = provider.serve(connection).await;
        });
    }
}

struct Provider {
    who: Who,
    epoch: u64,
    takes: Duration,
    counts: Counts,
}

/// Whether the connection serves further requests.
type Goes = io::Result<bool>;

impl Provider {
    async fn serve(&self, mut connection: TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut received = Vec::with_capacity(1024);
        loop {
            let (length, asked) = match parse(&received) {
                Read::Whole(length, asked) => (length, asked),
                Read::Part => {
                    let read = timeout(IDLE, connection.read_buf(&mut received)).await;
                    if read.unwrap_or(Ok(0))? == 0 {
                        return Ok(());
                    }
                    continue;
                }
                Read::Junk => return Err(io::ErrorKind::InvalidData.into()),
            };
            received.drain(..length);
            let goes = match asked {
                None => write(&mut connection, "200 OK", JSON, &self.counts.told()).await?,
                Some(asked) => {
                    let _in_flight = self.counts.enter();
                    self.answer(&mut connection, &asked).await?
                }
            };
            if !goes {
                return Ok(());
            }
        }
    }

    async fn answer(&self, connection: &mut TcpStream, asked: &Asked) -> Goes {
        let flaps = asked.model == FLAPPING;
        match self.mood() {
            Mood::Refuses if flaps => {
                self.counts.add(Outcome::Refused);
                let body = words::refusal("The server is overloaded.", "server_overloaded");
                write(connection, "503 Service Unavailable", JSON, &body).await
            }
            Mood::Limits if flaps => {
                self.counts.add(Outcome::Limited);
                let body = words::refusal("Rate limit reached.", "rate_limit_exceeded");
                let head = format!("{JSON}retry-after: 1\r\n");
                write(connection, "429 Too Many Requests", &head, &body).await
            }
            Mood::Resets if flaps => self.reset(connection),
            _ if asked.stream => self.stream(connection, asked, flaps).await,
            _ => self.whole(connection, asked, flaps).await,
        }
    }

    async fn whole(&self, connection: &mut TcpStream, asked: &Asked, flaps: bool) -> Goes {
        wait(if flaps { self.takes } else { delay(&asked.model) }).await;
        let body = words::completion(self.who, asked.prompt());
        match self.mood() {
            Mood::Resets if flaps => self.reset(connection),
            Mood::Cuts if flaps => {
                self.counts.add(Outcome::Cut);
                let head = head("200 OK", JSON, body.len());
                let half = body.get(..body.len() / 2).unwrap_or_default();
                connection.write_all(format!("{head}{half}").as_bytes()).await?;
                Ok(false)
            }
            _ => {
                self.counts.add(Outcome::Answered);
                write(connection, "200 OK", JSON, &body).await
            }
        }
    }

    /// Tokens at equal distances; without flapping, all of them after the delay.
    async fn stream(&self, connection: &mut TcpStream, asked: &Asked, flaps: bool) -> Goes {
        const HEAD: &str =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        if !flaps {
            wait(delay(&asked.model)).await;
        }
        let role = words::event(self.who, "{\"role\":\"assistant\",\"content\":\"\"}", "null");
        connection.write_all(format!("{HEAD}{}", chunk(&role)).as_bytes()).await?;
        for token in words::tokens(self.who, asked.prompt()) {
            if flaps {
                sleep(self.takes / TOKENS as u32).await;
                match self.mood() {
                    Mood::Resets => return self.reset(connection),
                    Mood::Cuts => {
                        self.counts.add(Outcome::Cut);
                        return Ok(false);
                    }
                    _ => {}
                }
            }
            let event = words::token_event(self.who, &token);
            connection.write_all(chunk(&event).as_bytes()).await?;
        }
        self.counts.add(Outcome::Answered);
        let finish = words::event(self.who, "{}", "\"stop\"");
        let end = format!("{}{}0\r\n\r\n", chunk(&finish), chunk("data: [DONE]\n\n"));
        connection.write_all(end.as_bytes()).await?;
        Ok(true)
    }

    fn reset(&self, connection: &TcpStream) -> Goes {
        self.counts.add(Outcome::Reset);
        // What is closed while it lingers for no time is reset.
        connection.set_zero_linger()?;
        Ok(false)
    }

    fn mood(&self) -> Mood {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.who.mood(now.saturating_sub(Duration::from_millis(self.epoch)), turn(self.takes))
    }
}

/// Of a model that is called `after-20`.
fn delay(model: &str) -> Duration {
    let millis = model.rsplit('-').next().and_then(|millis| millis.parse().ok());
    Duration::from_millis(millis.unwrap_or(0))
}

/// The timer's least is a millisecond.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

async fn write(connection: &mut TcpStream, status: &str, headers: &str, body: &str) -> Goes {
    let head = head(status, headers, body.len());
    connection.write_all(format!("{head}{body}").as_bytes()).await?;
    Ok(true)
}

fn head(status: &str, headers: &str, length: usize) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n")
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}
