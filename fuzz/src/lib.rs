//! What each fuzz target asserts, as plain functions: libFuzzer runs them on nightly Rust,
//! `cargo test` replays the seeds on stable.

mod answers;
mod choices;
mod heads;
mod wire;

mod client_head;
mod decoder_splits;
mod differential;
mod frame_layer;
mod header;
mod inflate;
mod mask;
mod offers;
mod pair;
mod server_head;
mod turns;
mod utf8;

pub use client_head::client_head;
pub use decoder_splits::decoder_splits;
pub use differential::differential;
pub use frame_layer::frame_layer;
pub use header::header;
pub use inflate::inflate;
pub use mask::mask;
pub use offers::offers;
pub use pair::pair;
pub use server_head::server_head;
pub use turns::turns;
pub use utf8::utf8;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a target over its seeds, and over what a fuzzer found, if it ran here.
    fn replay(target: &str, run: fn(&[u8])) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut count = 0;
        for folder in ["seeds", "corpus", "artifacts"] {
            for file in fs::read_dir(root.join(folder).join(target)).into_iter().flatten() {
                run(&fs::read(file.unwrap().path()).unwrap());
                count += 1;
            }
        }
        assert!(count > 0, "{target} has no seeds");
    }

    macro_rules! replay {
        ($($target:ident)*) => {
            $(
                #[test]
                fn $target() {
                    replay(stringify!($target), super::$target);
                }
            )*
        };
    }

    replay! { client_head decoder_splits differential frame_layer header inflate mask offers pair server_head turns utf8 }
}
