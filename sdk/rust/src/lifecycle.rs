//! What the host calls: commands, and the start and the end of a pane.
use crate::{host_api::send_render, render::RenderPayload};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use serde_json::Value;

/// A command of the pane: a key, or a change of its focus or size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginCommand {
    ScrollUp,
    ScrollDown,
    SelectNext,
    SelectPrev,
    Select,
    Back,
    GoToTop,
    GoToBottom,
    PageUp,
    PageDown,
    ToggleFollow,
    ToggleWrap,
    ScrollLeft,
    ScrollRight,
    SendInput { text: String },
    Filter { query: String },
    ClearFilter,
    Focus { focused: bool },
    /// In columns and rows.
    Resize { width: u16, height: u16 },
}

impl PluginCommand {
    /// Returns the command of a host's JSON; nothing if this crate doesn't know it.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(json).ok()?;
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_string();
        let size = |field: &str| value[field].as_u64().unwrap_or(0) as u16;
        Some(match value["type"].as_str()? {
            "scroll_up" => Self::ScrollUp,
            "scroll_down" => Self::ScrollDown,
            "select_next" => Self::SelectNext,
            "select_prev" => Self::SelectPrev,
            "select" => Self::Select,
            "back" => Self::Back,
            "go_to_top" => Self::GoToTop,
            "go_to_bottom" => Self::GoToBottom,
            "page_up" => Self::PageUp,
            "page_down" => Self::PageDown,
            "toggle_follow" => Self::ToggleFollow,
            "toggle_wrap" => Self::ToggleWrap,
            "scroll_left" => Self::ScrollLeft,
            "scroll_right" => Self::ScrollRight,
            "send_input" => Self::SendInput { text: text("text") },
            "filter" => Self::Filter { query: text("query") },
            "clear_filter" => Self::ClearFilter,
            "focus" => Self::Focus { focused: value["focused"].as_bool()? },
            "resize" => Self::Resize { width: size("width"), height: size("height") },
            _ => return None,
        })
    }
}

/// A plugin with state. Each pane has its own, made by `Default`.
pub trait Plugin: Default {
    /// Called first, with the `config` of the plugin's entry. An error ends the plugin.
    fn init(&mut self, _config: &Value) -> Result<(), String> {
        Ok(())
    }

    /// Called once the pane is there.
    fn open(&mut self, _pane: i32) {}

    /// Called for each command. What it returns is shown; nothing leaves the pane as it is.
    fn command(&mut self, command: PluginCommand) -> Option<RenderPayload>;

    /// Called at each tick of the program, if the plugin is registered with `ticks`.
    fn tick(&mut self) -> Option<RenderPayload> {
        None
    }

    /// Called when the pane is closed; at most half a second is left.
    fn close(&mut self, _pane: i32) {}
}

/// A plugin's state, or the payload that the host writes. A module of WebAssembly has one thread.
pub struct Slot<T>(pub core::cell::UnsafeCell<Option<T>>);

// SAFETY: there is one thread, and no function of the host's calls another one.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    pub const fn new() -> Self {
        Slot(core::cell::UnsafeCell::new(None))
    }

    /// Returns the content, made if it is missing.
    #[allow(clippy::mut_from_ref)]
    pub fn get(&self, make: fn() -> T) -> &mut T {
        // SAFETY: as above, and no caller retains what it gets.
        unsafe { (*self.0.get()).get_or_insert_with(make) }
    }
}

static PAYLOAD: Slot<Vec<u8>> = Slot::new();

/// Returns memory for the host's next payload, which lives until the one after it.
pub fn allocate(length: usize) -> *mut u8 {
    let payload = PAYLOAD.get(Vec::new);
    payload.clear();
    payload.resize(length, 0);
    payload.as_mut_ptr()
}

/// Copies a payload, so that the plugin may get the next one while it reads this one.
unsafe fn payload(ptr: *const u8, length: usize) -> Vec<u8> {
    core::slice::from_raw_parts(ptr, length).to_vec()
}

/// Calls the plugin's `init`.
///
/// # Safety
/// The pointer must be valid for the length.
pub unsafe fn initialize<P: Plugin>(plugin: &mut P, ptr: *const u8, length: usize) -> i32 {
    show_panics();
    let config = serde_json::from_slice(&payload(ptr, length)).unwrap_or(Value::Null);
    match plugin.init(&config) {
        Ok(()) => 0,
        Err(message) => {
            show(Some(RenderPayload::lines(message.lines().map(ToString::to_string).collect())));
            1
        }
    }
}

/// Calls the plugin's `command`, and shows what it returns. A command that isn't known is left out.
///
/// # Safety
/// The pointer must be valid for the length.
pub unsafe fn dispatch<P: Plugin>(plugin: &mut P, ptr: *const u8, length: usize) -> i32 {
    if let Some(command) = PluginCommand::from_json(&payload(ptr, length)) {
        show(plugin.command(command));
    }
    0
}

/// Shows lines, if there are any to show.
pub fn show(payload: Option<RenderPayload>) {
    if let Some(payload) = payload {
        send_render(&payload.to_json());
    }
}

/// A panic ends the module, whose last rendering the host shows below the error: its message and position.
#[cfg(feature = "std")]
fn show_panics() {
    std::panic::set_hook(std::boxed::Box::new(|panic| {
        show(Some(RenderPayload::lines(panic.to_string().lines().map(ToString::to_string).collect())));
    }));
}

#[cfg(not(feature = "std"))]
fn show_panics() {}

/// Exports a [`Plugin`] to the host. With `ticks` it gets those as well: `register_plugin!(Clock, ticks)`.
#[macro_export]
macro_rules! register_plugin {
    ($plugin:ty, ticks) => {
        $crate::register_plugin!($plugin);

        #[no_mangle]
        pub extern "C" fn plugin_on_tick() {
            $crate::internal::show($crate::Plugin::tick(the_plugin()));
        }
    };
    ($plugin:ty) => {
        fn the_plugin() -> &'static mut $plugin {
            static PLUGIN: $crate::internal::Slot<$plugin> = $crate::internal::Slot::new();
            PLUGIN.get(<$plugin as core::default::Default>::default)
        }

        #[no_mangle]
        pub extern "C" fn plugin_alloc(length: usize) -> *mut u8 {
            $crate::internal::allocate(length)
        }

        #[no_mangle]
        pub unsafe extern "C" fn plugin_init(ptr: *const u8, length: usize) -> i32 {
            $crate::internal::initialize(the_plugin(), ptr, length)
        }

        #[no_mangle]
        pub unsafe extern "C" fn plugin_on_command(ptr: *const u8, length: usize) -> i32 {
            $crate::internal::dispatch(the_plugin(), ptr, length)
        }

        #[no_mangle]
        pub extern "C" fn plugin_on_open(pane: i32) {
            $crate::Plugin::open(the_plugin(), pane);
        }

        #[no_mangle]
        pub extern "C" fn plugin_on_close(pane: i32) {
            $crate::Plugin::close(the_plugin(), pane);
        }
    };
}

/// Exports a function to the host: `fn(PluginCommand) -> Option<RenderPayload>`.
#[macro_export]
macro_rules! register_handler {
    ($handler:path) => {
        #[derive(Default)]
        struct RegisteredHandler;

        impl $crate::Plugin for RegisteredHandler {
            fn command(&mut self, command: $crate::PluginCommand) -> Option<$crate::RenderPayload> {
                $handler(command)
            }
        }

        $crate::register_plugin!(RegisteredHandler);
    };
}
