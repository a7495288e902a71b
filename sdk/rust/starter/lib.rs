//! A list whose cursor moves with the keys.
use kubetile_plugin_sdk::{register_plugin, Plugin, PluginCommand, RenderPayload};

const ITEMS: [&str; 3] = ["one", "two", "three"];

#[derive(Default)]
struct List {
    cursor: usize,
}

impl Plugin for List {
    fn command(&mut self, command: PluginCommand) -> Option<RenderPayload> {
        match command {
            PluginCommand::SelectNext => self.cursor = (self.cursor + 1).min(ITEMS.len() - 1),
            PluginCommand::SelectPrev => self.cursor = self.cursor.saturating_sub(1),
            _ => {}
        }
        let line = |(at, item): (usize, &&str)| {
            format!("{} {item}", if at == self.cursor { ">" } else { " " })
        };
        Some(RenderPayload::lines(ITEMS.iter().enumerate().map(line).collect()))
    }
}

register_plugin!(List);
