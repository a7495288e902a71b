//! What a plugin may request of the host. Each function but rendering needs a permission: a plugin that doesn't call it
//! doesn't import it.
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use serde_json::{Map, Value};

mod import {
    #[link(wasm_import_module = "kubetile")]
    extern "C" {
        pub fn host_send_render(lines: *const u8, length: i32);
        pub fn host_last_error(out: *mut u8, capacity: i32) -> i32;
        pub fn list_pods(request: *const u8, length: i32, out: *mut u8, capacity: i32) -> i32;
        pub fn get_secrets(request: *const u8, length: i32, out: *mut u8, capacity: i32) -> i32;
        pub fn clipboard_write(text: *const u8, length: i32) -> i32;
    }
}

/// Which pods to list. The default is all pods of the context's namespace.
#[derive(Clone, Debug, Default)]
pub struct PodQuery {
    /// The context's namespace if it is absent; all namespaces if it is empty.
    pub namespace: Option<String>,
    /// As of `kubectl get --selector`.
    pub label_selector: Option<String>,
}

impl PodQuery {
    /// The pods of all namespaces.
    pub fn all_namespaces() -> Self {
        PodQuery { namespace: Some(String::new()), label_selector: None }
    }
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    /// Empty if it isn't scheduled.
    pub node: String,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    pub ip: String,
    /// Containers that are ready, of so many.
    pub ready: u32,
    pub containers: u32,
    pub restarts: u32,
    pub labels: BTreeMap<String, String>,
}

/// A Secret, with its data in base64.
#[derive(Clone, Debug, Default)]
pub struct Secret {
    pub namespace: String,
    pub name: String,
    pub data: BTreeMap<String, String>,
}

/// Returns the pods of a query. Needs the permission `k8s:list:pods`.
pub fn list_pods(query: &PodQuery) -> Result<Vec<Pod>, String> {
    let request = request(&[
        ("namespace", query.namespace.as_deref()),
        ("labelSelector", query.label_selector.as_deref()),
    ]);
    let answer = ask(import::list_pods, &request)?;
    let pods = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(pods.iter().map(pod).collect())
}

/// Returns a Secret, of the context's namespace if none is given. Needs the permission `k8s:get:secrets`.
pub fn get_secret(namespace: Option<&str>, name: &str) -> Result<Secret, String> {
    let answer = ask(
        import::get_secrets,
        &request(&[("namespace", namespace), ("name", Some(name))]),
    )?;
    Ok(Secret {
        namespace: text(&answer, "namespace"),
        name: text(&answer, "name"),
        data: texts(&answer, "data"),
    })
}

/// Writes a text to the clipboard. Needs the permission `clipboard:write`.
pub fn write_clipboard(text: &str) -> Result<(), String> {
    // SAFETY: the pointer and the length are those of a text that lives during the call.
    match unsafe { import::clipboard_write(text.as_ptr(), text.len() as i32) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Shows a payload.
pub(crate) fn send_render(json: &str) {
    // SAFETY: as above.
    unsafe { import::host_send_render(json.as_ptr(), json.len() as i32) }
}

fn pod(value: &Value) -> Pod {
    Pod {
        namespace: text(value, "namespace"),
        name: text(value, "name"),
        node: text(value, "node"),
        phase: text(value, "phase"),
        ip: text(value, "ip"),
        ready: number(value, "ready"),
        containers: number(value, "containers"),
        restarts: number(value, "restarts"),
        labels: texts(value, "labels"),
    }
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_string()
}

fn number(object: &Value, field: &str) -> u32 {
    object[field].as_u64().unwrap_or(0) as u32
}

fn texts(object: &Value, field: &str) -> BTreeMap<String, String> {
    let entries = object[field].as_object().into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_string()))
        .collect()
}

fn request(fields: &[(&str, Option<&str>)]) -> String {
    let present = fields.iter().filter_map(|(name, value)| {
        value.map(|value| (name.to_string(), Value::String(value.to_string())))
    });
    Value::Object(present.collect::<Map<_, _>>()).to_string()
}

type Import = unsafe extern "C" fn(*const u8, i32, *mut u8, i32) -> i32;

/// Calls an import with a buffer for its answer; again with a larger one if the answer doesn't fit.
fn ask(import: Import, request: &str) -> Result<Value, String> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // SAFETY: both pointers are valid for their lengths during the call.
        let length = unsafe {
            import(
                request.as_ptr(),
                request.len() as i32,
                buffer.as_mut_ptr(),
                buffer.len() as i32,
            )
        };
        if length < 0 {
            return Err(last_error());
        }
        let length = length as usize;
        if length <= buffer.len() {
            return serde_json::from_slice(&buffer[..length]).map_err(|error| error.to_string());
        }
        buffer = vec![0; length];
    }
}

fn last_error() -> String {
    let mut buffer = vec![0; 16 * 1024];
    // SAFETY: the pointer is valid for its length during the call.
    let length = unsafe { import::host_last_error(buffer.as_mut_ptr(), buffer.len() as i32) };
    buffer.truncate(length.max(0) as usize);
    String::from_utf8_lossy(&buffer).into_owned()
}
