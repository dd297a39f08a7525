//! What each peer is asked to do: `NAME server 127.0.0.1:PORT`, or
//! `NAME client URL-WITHOUT-THE-NUMBER CASES`. All keep the defaults of their library and echo as
//! its own documentation shows.

use std::env;

#[derive(Debug)]
pub enum Task {
    Server { address: String },
    Client { urls: Vec<String> },
}

impl Task {
    /// Out of the command line.
    pub fn from_args() -> Self {
        let args: Vec<_> = env::args().skip(1).collect();
        match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["server", address] => Self::Server { address: address.to_owned() },
            ["client", url, cases] => {
                let cases: u32 = cases.parse().expect("a number of cases");
                Self::Client { urls: (1..=cases).map(|case| format!("{url}{case}")).collect() }
            }
            _ => panic!("server ADDRESS | client URL CASES"),
        }
    }
}
