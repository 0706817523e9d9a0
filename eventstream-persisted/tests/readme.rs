//! The example of the README is the one in `examples/revenue`, and it runs.

include!("../examples/revenue/program.rs");

#[test]
fn the_readme_shows_the_example() {
    let program = include_str!("../examples/revenue/program.rs");
    assert!(include_str!("../../README.md").contains(program));
}

#[test]
fn the_example_runs_and_runs_again() {
    let directory = tempfile::tempdir().unwrap();
    std::env::set_current_dir(directory.path()).unwrap();
    main().unwrap();
    main().unwrap();
}
