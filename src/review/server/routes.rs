//! From a request to its answer. Knows no socket.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::decide::{Failed, Wishes};
use super::desk::Desk;
use super::guard::{self, Token};
use super::http::{Request, Response};
use super::images;
use super::queue::{self, Filter};
use super::view::{self, Whole};
use crate::error::Error;
use crate::sample::SampleId;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The page looks as the report does.
const STYLE: &str = concat!(
    include_str!("../../report/html/style.css"),
    include_str!("review.css")
);

/// Two images laid over each other.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="11" height="11" rx="2" fill="#2f6fd0"/><rect x="5" y="5" width="11" height="11" rx="2" fill="#d9822b"/></svg>"##;

/// The part of the queue that a page wants.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    filter: Filter,
    /// The place in the queue from which on.
    from: usize,
    count: usize,
    backwards: bool,
}

/// The images of a whole that a page wants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    place: usize,
    whole: Whole,
    from: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    clock: usize,
}

/// The answer to `request`.
pub(super) fn answer(request: &Request, token: &Token, desk: &Desk) -> Response {
    let rest = match guard::admit(request, token) {
        Ok(rest) => rest,
        Err(forbidden) => {
            let (status, words) = forbidden.words();
            return Response::text(status, words);
        }
    };
    let answered = match (request.method.as_str(), rest) {
        ("GET", "") => Ok(Response::new(200, HTML, include_str!("review.html"))),
        ("GET", "review.css") => Ok(Response::new(200, CSS, STYLE)),
        ("GET", "review.js") => Ok(Response::new(200, JS, include_str!("review.js"))),
        ("GET", "page.js") => Ok(Response::new(200, JS, include_str!("page.js"))),
        ("GET", "stage.js") => Ok(Response::new(200, JS, include_str!("stage.js"))),
        ("GET", "icon.svg") => Ok(Response::new(200, "image/svg+xml", ICON)),
        ("GET", path) => image(path, desk),
        ("POST", "start") => start(desk),
        ("POST", "items") => parsed(request).and_then(|wanted| items(&wanted, desk)),
        ("POST", "members") => parsed(request).and_then(|wanted| members(&wanted, desk)),
        ("POST", "progress") => parsed(request).and_then(|since| progress(&since, desk)),
        ("POST", "decide") => parsed(request).and_then(|wishes| decide(&wishes, desk)),
        _ => Err(not_found()),
    };
    answered.unwrap_or_else(|response| response)
}

type Answer = Result<Response, Response>;

fn not_found() -> Response {
    Response::text(404, "there is nothing at this address")
}

fn failed(error: &Error) -> Response {
    Response::text(500, &error.to_string())
}

fn parsed<T: DeserializeOwned>(request: &Request) -> Result<T, Response> {
    serde_json::from_slice(&request.body)
        .map_err(|e| Response::text(400, &format!("the request cannot be understood: {e}")))
}

/// `image/NUMBER-CONTENT`, or `image/NUMBER-CONTENT/SIDE` for a small one.
fn image(path: &str, desk: &Desk) -> Answer {
    let mut parts = path.split('/');
    let number = |part: Option<&str>| {
        let part = part?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    };
    if parts.next() != Some("image") {
        return Err(not_found());
    }
    let name = parts.next().unwrap_or_default();
    let id = number(name.split('-').next()).map(SampleId);
    let id = id.ok_or_else(not_found)?;
    let side = match parts.next() {
        None => None,
        part => Some(number(part).ok_or_else(not_found)?),
    };
    if parts.next().is_some() {
        return Err(not_found());
    }
    // The desk is free again before the image is read.
    let loaded = desk.now().map_err(|e| failed(&e))?.loaded.clone();
    if id.index() >= loaded.listing.samples.len() {
        return Err(not_found());
    }
    // A page that was loaded before another scan may not mix up images.
    if images::name(&loaded, id) != name {
        let words = "the data set was scanned again meanwhile; reload the page";
        return Err(Response::text(409, words));
    }
    Ok(images::image(&loaded, id, side))
}

fn start(desk: &Desk) -> Answer {
    let inner = desk.now().map_err(|e| failed(&e))?;
    Ok(Response::json(200, &view::start(&inner)))
}

fn items(wanted: &Wanted, desk: &Desk) -> Answer {
    let inner = desk.now().map_err(|e| failed(&e))?;
    let page = queue::page(
        &inner.loaded.items,
        |place| inner.decided(place).is_some(),
        &wanted.filter,
        wanted.from,
        wanted.count,
        wanted.backwards,
    );
    let places = page.places.iter();
    let views: Vec<_> = places.map(|&place| view::item(&inner, place)).collect();
    Ok(Response::json(
        200,
        &json!({
            "items": views,
            "fitting": page.fitting,
            "open": page.open,
            "before": page.before,
        }),
    ))
}

fn members(wanted: &Members, desk: &Desk) -> Answer {
    let inner = desk.now().map_err(|e| failed(&e))?;
    if wanted.place >= inner.loaded.items.len() {
        return Err(not_found());
    }
    let (samples, all) = view::members(&inner.loaded, wanted.place, wanted.whole, wanted.from);
    Ok(Response::json(
        200,
        &json!({ "samples": samples, "all": all }),
    ))
}

fn progress(since: &Since, desk: &Desk) -> Answer {
    let inner = desk.now().map_err(|e| failed(&e))?;
    Ok(Response::json(200, &view::progress(&inner, since.clock)))
}

fn decide(wishes: &Wishes, desk: &Desk) -> Answer {
    let outcomes = desk.decide(wishes).map_err(|failure| match failure {
        Failed::Wish(words) => Response::text(400, &words),
        Failed::Files(error) => failed(&error),
    })?;
    let inner = desk.now().map_err(|e| failed(&e))?;
    let overtaken = outcomes.iter().any(|outcome| outcome.result == "overtaken");
    let views: Vec<_> = (outcomes.iter())
        .map(|outcome| {
            let item = &inner.loaded.items[outcome.place];
            let words = |decided: &Option<super::desk::Decided>| {
                let decided = decided.as_ref();
                decided.map(|decided| view::decided(decided, item, &inner.loaded))
            };
            json!({
                "place": outcome.place,
                "code": outcome.code,
                "id": outcome.id,
                "result": outcome.result,
                "before": words(&outcome.before),
                "now": words(&outcome.now),
                "seen": outcome.seen,
            })
        })
        .collect();
    let status = if overtaken { 409 } else { 200 };
    let progress = view::progress(&inner, usize::MAX);
    Ok(Response::json(
        status,
        &json!({ "outcomes": views, "progress": progress }),
    ))
}
