//! The README shows the echo example to the letter. (Its code is compiled as documentation tests.)

#[test]
fn the_readme_shows_the_echo_example() {
    let (readme, echo) = (include_str!("../README.md"), include_str!("../examples/echo.rs"));
    assert!(
        readme.contains(&format!("```rust,no_run\n{echo}```\n")),
        "copy examples/echo.rs into the README"
    );
}
