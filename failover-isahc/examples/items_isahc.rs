//! Prices from three feeds: each is asked only for those still missing, and every price says where it comes from.

use std::error::Error;
use std::io;

use failover_isahc::calls::{Calls, Feed};
use futures_lite::future::block_on;

type Prices = Vec<(&'static str, f64)>;

async fn exchange(_: Vec<&str>) -> io::Result<Prices> {
    Ok(vec![("BTC", 67_000.0), ("ETH", 3_500.0), ("XMR", -1.0)])
}

async fn aggregator(_: Vec<&str>) -> io::Result<Prices> {
    Err(io::Error::other("over quota"))
}

async fn archive(missing: Vec<&str>) -> io::Result<Prices> {
    let known = [("BTC", 66_000.0), ("SOL", 150.0), ("XMR", 160.0)];
    Ok(known.into_iter().filter(|(symbol, _)| missing.contains(symbol)).collect())
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    let calls = Calls::new();
    let feeds = || {
        [Feed::new("exchange", exchange), Feed::new("aggregator", aggregator), Feed::new("archive", archive)]
    };
    let symbols = ["BTC", "ETH", "SOL", "XMR", "DOGE"];

    let prices = calls.ask_items(symbols, feeds()).is_valid(|_, price| *price > 0.0).run().await?;
    for (symbol, price) in prices.values.iter() {
        println!("{symbol:5} {price:>8} from the {}", prices.provider_of(symbol).unwrap_or("?"));
    }
    println!("missing: {:?}\n{}\n", prices.missing, prices.report);
    assert_eq!((prices.values["XMR"], prices.provider_of("XMR")), (160.0, Some("archive")));
    assert_eq!(prices.missing, ["DOGE"]);

    let all_or_none = calls.ask_items(symbols, feeds()).is_valid(|_, price| *price > 0.0).require_all(true);
    let unfilled = all_or_none.run().await.expect_err("nobody knows DOGE");
    println!("{unfilled}");
    assert_eq!(unfilled.values.len(), 4, "what was served is not lost");
    Ok(())
}
