//! Plugins for the panes of kodama and KubeTile: a pane of your own, as a WebAssembly module.
//!
//! ```ignore
//! use kubetile_plugin_sdk::{register_handler, PluginCommand, RenderPayload};
//!
//! fn handle(command: PluginCommand) -> Option<RenderPayload> {
//!     Some(RenderPayload::lines(vec![format!("{command:?}")]))
//! }
//! register_handler!(handle);
//! ```
//!
//! A plugin with state implements [`Plugin`] and uses [`register_plugin!`]. The crate depends on `serde_json` alone;
//! without its feature `std` it needs no standard library.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod host_api;
mod lifecycle;
mod render;

pub use host_api::{get_secret, list_pods, write_clipboard, Pod, PodQuery, Secret};
pub use lifecycle::{Plugin, PluginCommand};
pub use render::RenderPayload;
pub use serde_json;

/// For the macros of this crate.
#[doc(hidden)]
pub mod internal {
    pub use crate::lifecycle::{allocate, dispatch, initialize, show, Slot};
}
