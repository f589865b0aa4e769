//! A Parchment server inside a program of one's own, beside pages of its own.
//!
//! ```sh
//! cargo run -p parchment-client --example embed -- --data-dir ./embedded
//! ```
//!
//! Takes every setting that `parchment-server serve` takes; `--help` lists them.

use std::{error::Error, sync::Arc};

use clap::Parser;
use parchment_client::Client;
use parchment_server::{app::App, config::Settings};
use poem::{
    EndpointExt as _, Route, get, handler,
    listener::{Listener as _, TcpListener},
    web::Data,
};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    server: Settings,
}

/// A page of this program, which asks the server that it contains.
#[handler]
fn greeting(app: Data<&Arc<App>>) -> String {
    format!("This is {}.\n", app.settings.server_id())
}

/// Runs the program until it is asked to end, and says when it listens.
pub async fn run(settings: Settings, listens: impl FnOnce(&str)) -> Result<(), Box<dyn Error>> {
    let (address, origin) = (settings.listen, settings.public_origin.to_string());
    let app = App::open(settings).await?;
    // What runs out is swept away as in a server of its own.
    parchment_server::maintain(&app);
    let routes = Route::new()
        .at("/hello", get(greeting))
        .nest("/", parchment_server::endpoint(app.clone()))
        .data(app);
    let acceptor = TcpListener::bind(address).into_acceptor().await?;
    let server = tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));

    let manifest = Client::new(&origin)?.well_known().manifest().await?;
    println!("{} has the key {}", manifest.server_id, manifest.public_key);
    listens(&origin);
    Ok(server.await??)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    run(arguments.server, |origin| {
        println!("see {origin}/hello and {origin}/docs")
    })
    .await
}
