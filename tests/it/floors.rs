//! The floors of ARCHITECTURE.md: a file uses what stands below its own floor, no verb uses another, and no files use
//! each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ipcadm_testbed::source;

/// A module by its path from the crate's root.
type Module = Vec<String>;

/// The rooms of each floor as ARCHITECTURE.md draws them, from the top down.
fn floors() -> Vec<Vec<String>> {
    let text = fs::read_to_string(source("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let drawing = text.split("```").nth(1).expect("the drawing of the floors");
    let rooms =
        |line: &str| line.split_whitespace().filter_map(|word| word.strip_suffix('/')).map(str::to_owned).collect();
    drawing.lines().map(rooms).filter(|rooms: &Vec<String>| !rooms.is_empty()).collect()
}

fn read(folder: &Path, path: &[String], files: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let entry = entry.expect("an entry").path();
        let stem = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        let inner = [path, std::slice::from_ref(&stem)].concat();
        if entry.is_dir() {
            read(&entry, &inner, files);
        } else if entry.extension().is_some_and(|end| end == "rs") {
            let module = if ["mod", "lib", "main"].contains(&stem.as_str()) { path.to_vec() } else { inner };
            files.entry(module).or_default().push_str(&fs::read_to_string(&entry).expect("a file"));
        }
    }
}

/// The files that a file's paths from `crate`, `super` and `self` lead into.
fn uses(module: &Module, text: &str, files: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    // The tests inside of a file look at it alone.
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let text = text.split("\n#[cfg(test)]\npub(super) mod tests {").next().unwrap_or_default();
    let mut code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.retain(|c| !c.is_whitespace());
    let mut found = BTreeSet::new();
    let words = code.split(|c: char| !(c.is_alphanumeric() || "_:{},".contains(c)));
    for word in words {
        for root in ["crate::", "super::", "self::"] {
            let Some((before, path)) = word.split_once(root) else { continue };
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') && !before.ends_with("use") {
                continue;
            }
            let (head, tails) = path.split_once('{').unwrap_or((path, ""));
            let mut start: Module = if root == "crate::" { Module::new() } else { module.clone() };
            if root == "super::" {
                start.pop();
            }
            let steps =
                |text: &str| text.split("::").filter(|step| !step.is_empty()).map(str::to_owned).collect::<Module>();
            let tails = tails.split(['{', '}', ',']).filter(|tail| !tail.is_empty());
            let alone = (!path.contains('{')).then_some("");
            for tail in tails.chain(alone) {
                let mut target = start.clone();
                for step in steps(head).into_iter().chain(steps(tail)) {
                    match step.as_str() {
                        "super" => drop(target.pop()),
                        "self" => {}
                        _ => target.push(step),
                    }
                }
                let file = (0..=target.len()).rev().map(|length| target[..length].to_vec());
                found.extend(file.into_iter().find(|target| files.contains_key(target)));
            }
        }
    }
    found.remove(module);
    found.remove(&Module::new());
    found
}

#[test]
fn arrows_point_down() {
    let floors = floors();
    assert!(floors.len() > 10, "{floors:?}");
    let floor =
        |module: &Module| floors.iter().position(|rooms| module.first().is_some_and(|room| rooms.contains(room)));
    let mut files = BTreeMap::new();
    read(&source("src"), &[], &mut files);
    let all: BTreeMap<&Module, BTreeSet<Module>> =
        files.iter().map(|(module, text)| (module, uses(module, text, &files))).collect();
    let mut wrong = Vec::new();
    for (module, uses) in &all {
        for used in uses {
            let up = matches!((floor(module), floor(used)), (Some(own), Some(other)) if other < own);
            let verb = |module: &Module| module[0] == "commands" && module.len() > 1 && module[1] != "shared";
            let sideways = verb(module) && verb(used) && module[1] != used[1];
            if up || sideways {
                wrong.push(format!("{} uses {}", module.join("/"), used.join("/")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    // What uses nothing that is left is part of no circle.
    let mut left: BTreeSet<&Module> = all.keys().copied().collect();
    while let Some(free) = left.iter().copied().find(|module| all[module].iter().all(|used| !left.contains(used))) {
        left.remove(free);
    }
    let mut path: Vec<&Module> = left.first().copied().into_iter().collect();
    while let Some(next) = path.last().and_then(|last| all[last].iter().find(|used| left.contains(used))) {
        if let Some(start) = path.iter().position(|module| *module == next) {
            let circle: Vec<String> = path[start..].iter().map(|module| module.join("/")).collect();
            panic!("a circle: {}", circle.join(" uses "));
        }
        path.push(next);
    }
}
