//! What the linker is told, for the start-up time of a program whose whole run takes a millisecond.
//!
//! - Loading `libgcc_s.so` costs a tenth of it, and with `panic = "abort"` hardly anything of it is used. The linker is
//!   given a script of that name that points to the static parts. Where those are not installed, nothing is changed.
//! - The static program relocates itself, by a bitmap instead of a list of 3,000 entries. A linker that is too old for
//!   that says so and goes on. Programs of the GNU C library would need a new one for it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "musl" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
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
