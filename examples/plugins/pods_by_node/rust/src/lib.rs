//! A pane that shows how many pods each node runs. It needs the permission k8s:list:pods.
//!
//!     cargo build --release --target wasm32-unknown-unknown
use kubetile_plugin_sdk::{list_pods, register_handler, PluginCommand, PodQuery, RenderPayload};
use std::collections::BTreeMap;

fn handle(_command: PluginCommand) -> Option<RenderPayload> {
    let pods = match list_pods(&PodQuery::all_namespaces()) {
        Ok(pods) => pods,
        Err(message) => return Some(RenderPayload::lines(vec![message])),
    };
    let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
    for pod in pods {
        let node = if pod.node.is_empty() { "(no node)".into() } else { pod.node };
        *nodes.entry(node).or_default() += 1;
    }
    let lines = nodes.iter().map(|(node, count)| format!("{count}  {node}")).collect();
    Some(RenderPayload::lines(lines))
}

register_handler!(handle);
