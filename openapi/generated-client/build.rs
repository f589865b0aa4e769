//! Generates the client from the committed document.

use std::{env, error::Error, fs, path::Path};

use serde_json::Value;

const DOCUMENT: &str = "../parchment.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={DOCUMENT}");
    let mut document: Value = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    keep_one_success(&mut document);
    let tokens = progenitor::Generator::default().generate_tokens(&serde_json::from_value(document)?)?;
    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("client.rs"), tokens.to_string())?;
    Ok(())
}

/// Leaves each operation the first of its successes.
///
/// The generator can give a method one type of answer only, so where an operation answers 200 with a body or 204
/// without, the client takes the 204 for an answer that the document does not have.
fn keep_one_success(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, operations)| operations.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        let Some(responses) = operation["responses"].as_object_mut() else {
            continue;
        };
        let successes: Vec<String> = responses
            .keys()
            .filter(|status| status.starts_with('2'))
            .cloned()
            .collect();
        for status in successes.iter().skip(1) {
            responses.remove(status);
        }
    }
}
