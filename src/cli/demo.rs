//! `demo`: the product at work, with nothing to set up.

use super::exit::{Exit, failed};
use super::run::block_on;
use crate::demo;

/// Shows the main job in under a minute: a real server, a throw-away database, stand-ins for the world.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  antiphon demo\n  antiphon demo --exit")]
pub struct Arguments {
    /// End when the story is told, instead of serving on until Ctrl-C.
    #[arg(long)]
    exit: bool,
}

pub fn run(arguments: &Arguments) -> Exit {
    block_on(&mut tokio::runtime::Builder::new_multi_thread(), async {
        match demo::run(arguments.exit).await {
            Ok(()) => Exit::Fine,
            Err(why) => failed(format_args!("the demo ended: {why}")),
        }
    })
}
