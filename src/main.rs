//! The program: parse, call the library, print, exit code.

fn main() {}
