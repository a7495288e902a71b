//! Shows `smoke-ok`, whatever it gets.
use kubetile_plugin_sdk::{register_handler, PluginCommand, RenderPayload};

fn handle(_command: PluginCommand) -> Option<RenderPayload> {
    Some(RenderPayload::lines(vec!["smoke-ok".into()]))
}

register_handler!(handle);
