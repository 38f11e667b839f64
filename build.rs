//! Links the compiler's support library statically.
//!
//! Loading `libgcc_s.so` costs a tenth of the start-up time of a program whose whole run takes a millisecond, and
//! with `panic = "abort"` hardly anything of it is used. The linker is given a script of that name that points to
//! the static parts. Where those are not installed, nothing is changed.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let native = env::var("HOST") == env::var("TARGET");
    if target("OS") != "linux" || target("ENV") != "gnu" || !native {
        return;
    }
    let found = |library: &str| {
        Command::new("cc")
            .arg(format!("-print-file-name={library}"))
            .output()
            // Without the file, the name comes back as it was given.
            .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute())
    };
    let Some(directory) = env::var_os("OUT_DIR") else { return };
    if found("libgcc_eh.a")
        && found("libgcc.a")
        && fs::write(Path::new(&directory).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n").is_ok()
    {
        println!("cargo:rustc-link-search=native={}", Path::new(&directory).display());
    }
}
