//! One job for FAL's queue: submitted, asked after until it is completed, fetched.

use super::{Promise, asked, differs, judge, misshapen, sees};
use crate::demo::shape;
use crate::demo::stage::{Owner, Sighting, Witness};
use crate::demo::transcript::Exchange;

/// What the polls hear, from FAL's own queue as from the stand-in: on this stage both are done at the third question.
const STATES: &str = "202 IN_QUEUE, 202 IN_PROGRESS, 200 COMPLETED";

/// What the program printed, as the life of a job.
struct Job<'a> {
    submit: Option<&'a Exchange>,
    polls: Vec<&'a Exchange>,
    result: Option<&'a Exchange>,
}

impl<'a> Job<'a> {
    fn of(exchanges: &'a [Exchange]) -> Self {
        let submit = exchanges.first().filter(|first| first.method == "POST");
        let asked_at = |key: &str| {
            let url = submit.and_then(|submit| submit.body[key].as_str());
            exchanges.iter().filter(move |it| it.method == "GET" && Some(it.url.as_str()) == url)
        };
        Self { submit, polls: asked_at("status_url").collect(), result: asked_at("response_url").next() }
    }

    fn states(&self) -> String {
        let state = |poll: &&Exchange| {
            format!("{} {}", poll.status, poll.body["status"].as_str().unwrap_or("without a status"))
        };
        self.polls.iter().map(state).collect::<Vec<_>>().join(", ")
    }
}

/// FAL's queue is down: NexaAPI does the job, and nobody can tell by the answers.
pub(crate) fn in_an_outage(exchanges: &[Exchange], witness: &Witness, fault: Option<String>) -> Vec<Promise> {
    let job = Job::of(exchanges);
    let id = |it: &Exchange| it.body["request_id"].as_str().unwrap_or_default().to_owned();
    let same = job.submit.map(id).unwrap_or_default();
    let sent = job.submit.map(question).unwrap_or_default();
    vec![
        to_the_end(&job, exchanges, fault),
        judge("the submit is answered 200, though FAL's queue said 503".into(), job.submit, |it| {
            differs(it.status, 200)
        }),
        judge(
            "the submit is answered in FAL's own shape, its urls on FAL's queue".into(),
            job.submit,
            |it| {
                let home = it.body["response_url"].as_str().unwrap_or_default();
                misshapen(shape::fal_job(&it.body)).or_else(|| differs(split(home).0, split(&it.url).0))
            },
        ),
        states(&job),
        each(
            "each poll is answered in FAL's own shape, of the same request_id",
            job.polls.iter().copied(),
            |it| misshapen(shape::fal_job(&it.body)).or_else(|| differs(id(it), same.clone())),
        ),
        judge("the result is answered 200 in FAL's own shape".into(), job.result, |it| {
            differs(it.status, 200).or_else(|| misshapen(shape::fal(&it.body)))
        }),
        each("each answer is served by NexaAPI", exchanges, |it| {
            differs(it.served_by.as_str(), Owner::Nexa.word())
        }),
        judge("the submit's timeline says so".into(), job.submit, |it| it.lacks_timeline_of(Owner::Fal)),
        sees("FAL sees the submit and no poll, with its own key only".into(), witness, Owner::Fal, |seen| {
            saw(seen, sent)
        }),
        sees(
            "NexaAPI sees one POST and then a GET for each question, with its own key only".into(),
            witness,
            Owner::Nexa,
            |seen| one_generation(seen, job.polls.len() + 1),
        ),
        asked(witness, Owner::Replicate, 0),
    ]
}

/// FAL's queue is well: it does its own job, as if no failover were there.
pub(crate) fn in_health(exchanges: &[Exchange], witness: &Witness, fault: Option<String>) -> Vec<Promise> {
    let job = Job::of(exchanges);
    let sent = exchanges.iter().map(question).collect::<Vec<_>>().join(", ");
    vec![
        to_the_end(&job, exchanges, fault),
        judge("the submit is answered 200".into(), job.submit, |it| differs(it.status, 200)),
        states(&job),
        judge("the result is answered 200".into(), job.result, |it| differs(it.status, 200)),
        each("each answer is FAL's own, without a timeline", exchanges, |it| {
            differs(it.served_by.as_str(), Owner::Fal.word()).or_else(|| differs(it.timeline.len(), 0))
        }),
        sees("FAL sees each question once, with its own key only".into(), witness, Owner::Fal, |seen| {
            saw(seen, sent)
        }),
        asked(witness, Owner::Nexa, 0),
        asked(witness, Owner::Replicate, 0),
    ]
}

fn to_the_end(job: &Job<'_>, exchanges: &[Exchange], fault: Option<String>) -> Promise {
    let told = usize::from(job.submit.is_some()) + job.polls.len() + usize::from(job.result.is_some());
    let broken = fault
        .or_else(|| job.result.is_none().then(|| "the job was not fetched".into()))
        .or_else(|| Some(format!("requests that belong to the job: {}", differs(told, exchanges.len())?)));
    Promise { text: "the program runs to its end: a job is submitted, polled and fetched".into(), broken }
}

fn states(job: &Job<'_>) -> Promise {
    Promise {
        text: "the polls are answered 202 as long as the job is not done, then 200".into(),
        broken: differs(job.states().as_str(), STATES),
    }
}

/// A promise about some requests. One about none would be kept by a program that prints nothing.
fn each<'a>(
    text: &str,
    exchanges: impl IntoIterator<Item = &'a Exchange>,
    fault: impl Fn(&Exchange) -> Option<String>,
) -> Promise {
    let all: Vec<_> = exchanges.into_iter().collect();
    judge(text.into(), all.first().copied(), |_| all.iter().copied().find_map(&fault))
}

/// A second POST would be a second bill, and nobody asked for a GET of anything else.
fn one_generation(seen: &[Sighting], questions: usize) -> Option<String> {
    let Some((submit, polls)) = seen.split_first() else { return Some("it was not asked".into()) };
    let job = polls.first().map(|first| first.path.as_str()).filter(|path| path.starts_with("/v1/jobs/"));
    let stray = polls.iter().find(|it| it.method != "GET" || Some(it.path.as_str()) != job);
    differs(submit.method.as_str(), "POST")
        .or_else(|| stray.map(|it| format!("it saw {} {}", it.method, it.path)))
        .or_else(|| Some(format!("GETs: {}", differs(polls.len(), questions)?)))
}

/// `POST /fal-ai/flux/dev`, as a server sees it.
fn question(exchange: &Exchange) -> String {
    format!("{} {}", exchange.method, split(&exchange.url).1)
}

/// Nothing is not what was sent, though a program that does not run sends it.
fn saw(seen: &[Sighting], sent: String) -> Option<String> {
    let seen: Vec<_> = seen.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
    if seen.is_empty() { Some("it was not asked".into()) } else { differs(seen.join(", "), sent) }
}

/// Where a URL leads: the server, and the path there.
fn split(url: &str) -> (&str, &str) {
    url.match_indices('/').nth(2).map_or((url, ""), |(at, _)| url.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{broken, exchange, request};
    use super::*;
    use crate::demo::shape::samples;

    const QUEUE: &str = "http://fal";
    const JOB: &str = "/fal-ai/flux/requests/nx_1";
    const SUBMIT: &str = "/fal-ai/flux/dev";

    /// The life of a job that `served` did.
    fn life(served: &str, timeline: &[&str]) -> Vec<Exchange> {
        let ask = |method: &str, path: &str, code: u16, body| {
            exchange((method, &format!("{QUEUE}{path}")), code, served, timeline, body)
        };
        let state = |word: &str| samples::fal_job(word, QUEUE, "nx_1");
        let status = format!("{JOB}/status");
        vec![
            ask("POST", SUBMIT, 200, state("IN_QUEUE")),
            ask("GET", &status, 202, state("IN_QUEUE")),
            ask("GET", &status, 202, state("IN_PROGRESS")),
            ask("GET", &status, 200, state("COMPLETED")),
            ask("GET", JOB, 200, samples::fal()),
        ]
    }

    fn outage() -> Vec<Exchange> {
        life("nexaapi", &["fal overloaded", "nexaapi answered"])
    }

    fn witness(fal: &[(&str, &str)], nexa: &[(&str, &str)]) -> Witness {
        let seen = |owner: Owner, all: &[(&str, &str)]| {
            (owner, all.iter().map(|(method, path)| request(method, path, &[owner])).collect())
        };
        Witness([seen(Owner::Fal, fal), seen(Owner::Replicate, &[]), seen(Owner::Nexa, nexa)])
    }

    const POLL: (&str, &str) = ("GET", "/v1/jobs/1");
    const GENERATED: [(&str, &str); 5] = [("POST", "/v1/images/generate"), POLL, POLL, POLL, POLL];

    fn in_that_outage(exchanges: &[Exchange]) -> Vec<Promise> {
        in_an_outage(exchanges, &witness(&[("POST", SUBMIT)], &GENERATED), None)
    }

    #[test]
    fn kept_promises() {
        assert_eq!(broken(&in_that_outage(&outage())), [""; 0]);
        let status = format!("{JOB}/status");
        let own = [("POST", SUBMIT), ("GET", &status), ("GET", &status), ("GET", &status), ("GET", JOB)];
        assert_eq!(broken(&in_health(&life("fal", &[]), &witness(&own, &[]), None)), [""; 0]);
        let broken_by_one = in_health(&life("fal", &["fal answered"]), &witness(&own[1..], &[POLL]), None);
        assert_eq!(broken(&broken_by_one).len(), 3);
    }

    #[test]
    fn an_answer_that_is_not_as_promised() {
        let check = |place: usize, spoil: fn(&mut Exchange)| {
            let mut exchanges = outage();
            spoil(&mut exchanges[place]);
            broken(&in_that_outage(&exchanges)).join(", ")
        };
        assert_eq!(check(0, |it| it.status = 503), "got 503, expected 200");
        assert_eq!(check(0, |it| it.body["logs"] = 7.into()), "logs must be null or a list");
        assert_eq!(check(0, |it| it.timeline.clear()), "the timeline does not name fal");
        assert_eq!(
            check(1, |it| it.status = 200),
            format!("got 200 IN_QUEUE, 202 IN_PROGRESS, 200 COMPLETED, expected {STATES}")
        );
        let another = |it: &mut Exchange| it.body = samples::fal_job("COMPLETED", QUEUE, "nx_2");
        assert_eq!(check(3, another), "got nx_2, expected nx_1");
        assert_eq!(check(4, |it| it.body["cost"] = 1.into()), "cost is none of the provider's keys");
        assert_eq!(check(4, |it| it.served_by = "fal".into()), "got fal, expected nexaapi");
    }

    #[test]
    fn urls_that_lead_away_from_the_queue() {
        let mut exchanges = outage();
        exchanges[0].body = samples::fal_job("IN_QUEUE", "http://nexa", "nx_1");
        assert!(broken(&in_that_outage(&exchanges)).contains(&"got http://nexa, expected http://fal"));
    }

    #[test]
    fn what_the_servers_must_not_see() {
        let check = |fal: &[(&str, &str)], nexa: &[(&str, &str)]| {
            broken(&in_an_outage(&outage(), &witness(fal, nexa), None)).join(", ")
        };
        let submit = ("POST", SUBMIT);
        assert_eq!(
            check(&[submit, ("GET", JOB)], &GENERATED),
            format!("got POST {SUBMIT}, GET {JOB}, expected POST {SUBMIT}")
        );
        let again = [GENERATED[0], POLL, GENERATED[0]];
        assert_eq!(check(&[submit], &again), "it saw POST /v1/images/generate");
        assert_eq!(check(&[submit], &[GENERATED[0], POLL, ("GET", "/v1/jobs/2")]), "it saw GET /v1/jobs/2");
        assert_eq!(check(&[submit], &GENERATED[..4]), "GETs: got 3, expected 4");
        assert_eq!(check(&[submit], &[POLL]), "got GET, expected POST");
        assert_eq!(check(&[submit], &[]), "it was not asked");
    }

    #[test]
    fn a_job_that_does_not_end_well() {
        let end = |exchanges: &[Exchange], fault: Option<&str>| {
            to_the_end(&Job::of(exchanges), exchanges, fault.map(Into::into)).broken.unwrap()
        };
        assert_eq!(end(&outage(), Some("it ended with 1")), "it ended with 1");
        assert_eq!(end(&outage()[..4], None), "the job was not fetched");
        let mut twice = outage();
        twice.extend(outage());
        assert_eq!(end(&twice, None), "requests that belong to the job: got 8, expected 10");
        let nothing = witness(&[], &[]);
        assert_eq!(broken(&in_an_outage(&[], &nothing, None)).len(), 10);
        assert_eq!(broken(&in_health(&[], &nothing, None)).len(), 6);
    }
}
