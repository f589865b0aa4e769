//! How long the library's work takes: `cargo bench -p parchment-benches`.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use parchment_benches::{Sample, empty};

fn library(criterion: &mut Criterion) {
    let sample = Sample::new().unwrap();
    assert!(sample.verify() && sample.verify_bare());
    criterion.bench_function("the bare strict check of a signature", |bench| {
        bench.iter(|| sample.verify_bare());
    });
    criterion.bench_function("a parsed message verified", |bench| bench.iter(|| sample.verify()));
    criterion.bench_function("1 KiB canonicalised and hashed", |bench| bench.iter(|| sample.digest()));
    let (store, mut number) = (empty(), 0);
    criterion.bench_function("a request received in memory", |bench| {
        let request = || {
            number += 1;
            sample.request(number).unwrap()
        };
        bench.iter_batched(
            request,
            |request| assert!(sample.receive(&request, &store)),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, library);
criterion_main!(benches);
