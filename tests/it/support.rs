//! What tests of several commands share.

use ipcadm_testbed::Outcome;
use serde_json::Value;

/// What a program has printed, as JSON.
pub(crate) trait Json {
    /// One document or object.
    fn json(&self) -> Value;

    /// The list of this name in the document.
    fn list(&self, name: &str) -> Vec<Value>;
}

impl Json for Outcome {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    #[track_caller]
    fn list(&self, name: &str) -> Vec<Value> {
        let list = self.json()[name].as_array().cloned();
        list.unwrap_or_else(|| panic!("there is no list {name}\n{self}"))
    }
}

/// What JSON calls a value.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A process, as messages name it.
pub(crate) fn named(pid: u32) -> String {
    let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("a command");
    format!("pid {pid} ({})", command.trim_end())
}
