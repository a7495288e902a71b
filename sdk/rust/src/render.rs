//! What a plugin shows.
use alloc::{string::String, string::ToString, vec::Vec};
use serde_json::{Map, Value};

/// The lines of a pane. They replace those before; the host cuts them to the pane's size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderPayload {
    pub lines: Vec<String>,
}

impl RenderPayload {
    /// Returns a payload of these lines.
    pub fn lines(lines: Vec<String>) -> Self {
        RenderPayload { lines }
    }

    /// Returns the payload as the host reads it: `{"lines":["…"]}`.
    pub fn to_json(&self) -> String {
        let lines = self.lines.iter().cloned().map(Value::String).collect();
        let mut payload = Map::new();
        payload.insert("lines".to_string(), Value::Array(lines));
        Value::Object(payload).to_string()
    }
}
