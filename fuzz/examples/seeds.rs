//! Writes the seeds of every target to `corpus/TARGET` beside this package.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    for (name, _) in ipcadm_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in ipcadm_fuzz::seeds::of(name).into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
