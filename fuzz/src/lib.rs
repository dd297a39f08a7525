//! What each fuzz target asserts, as plain functions: libFuzzer runs them on nightly Rust, `cargo test` replays the seeds on stable.

mod choices;
mod compressed_pair;
mod decoder_splits;
mod inflate;
mod offers;

pub use compressed_pair::compressed_pair;
pub use decoder_splits::decoder_splits;
pub use inflate::inflate;
pub use offers::offers;

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

    #[test]
    fn decoder_splits() {
        replay("decoder_splits", super::decoder_splits);
    }

    #[test]
    fn inflate() {
        replay("inflate", super::inflate);
    }

    #[test]
    fn offers() {
        replay("offers", super::offers);
    }

    #[test]
    fn compressed_pair() {
        replay("compressed_pair", super::compressed_pair);
    }
}
