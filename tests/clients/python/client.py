"""Kubernetes' Python client on the embedded cluster. Ends with 0 and "ok" if all of it holds."""

import datetime
import json

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

namespace = "default"


def pod(name):
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels={"app": "python"}),
        spec=client.V1PodSpec(
            termination_grace_period_seconds=0,
            containers=[
                client.V1Container(
                    name="main", image="busybox:1.36", command=["sh", "-c", "echo up; sleep 1000"]
                )
            ],
        ),
    )


def watch_until_running(core, names, resource_version):
    """Watches from the creation on, and returns the types of the events of each pod."""
    seen = {name: [] for name in names}
    running = set()
    watcher = watch.Watch()
    for event in watcher.stream(
        core.list_namespaced_pod,
        namespace,
        label_selector="app=python",
        resource_version=resource_version,
        timeout_seconds=60,
    ):
        name = event["object"].metadata.name
        seen[name].append(event["type"])
        if event["object"].status.phase == "Running":
            running.add(name)
        if running == set(names):
            watcher.stop()
    assert running == set(names), (running, seen)
    return seen


def check_lists_and_watches(core):
    names = ["python-0", "python-1", "python-2"]
    before = core.list_namespaced_pod(namespace).metadata.resource_version
    for name in names:
        core.create_namespaced_pod(namespace, pod(name))
    seen = watch_until_running(core, names, before)
    for name in names:
        assert seen[name][0] == "ADDED" and "DELETED" not in seen[name], seen
    first = core.list_namespaced_pod(namespace, label_selector="app=python", limit=2)
    rest = core.list_namespaced_pod(
        namespace, label_selector="app=python", limit=2, _continue=first.metadata._continue
    )
    assert [item.metadata.name for item in first.items + rest.items] == names
    assert rest.metadata._continue is None


def check_patches(core):
    merged = core.patch_namespaced_pod(
        "python-0", namespace, {"metadata": {"labels": {"by": "merge", "app": "python"}}}
    )
    assert merged.metadata.labels == {"app": "python", "by": "merge"}, merged.metadata.labels
    operations = [{"op": "replace", "path": "/metadata/labels/by", "value": "json"}]
    patched = core.patch_namespaced_pod("python-0", namespace, operations)
    assert patched.metadata.labels["by"] == "json"
    try:
        core.patch_namespaced_pod("python-0", namespace, {"spec": {"nodeName": "other"}})
        raise AssertionError("a pod was moved to another node")
    except ApiException as error:
        assert error.status == 422 and json.loads(error.body)["reason"] == "Invalid", error


def check_streams(core):
    assert core.read_namespaced_pod_log("python-0", namespace) == "up\n"
    answer = stream(
        core.connect_get_namespaced_pod_exec,
        "python-0",
        namespace,
        command=["sh", "-c", "read -r line; echo got $line; echo err >&2; exit 7"],
        stdin=True,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
    )
    answer.write_stdin("typed\n")
    answer.run_forever(timeout=30)
    assert answer.read_stdout() == "got typed\n"
    assert answer.read_stderr() == "err\n"
    assert answer.returncode == 7, answer.returncode


def check_micro_times():
    leases = client.CoordinationV1Api()
    renewed = datetime.datetime(2026, 1, 2, 3, 4, 5, 60000, tzinfo=datetime.timezone.utc)
    leases.create_namespaced_lease(
        namespace,
        client.V1Lease(
            metadata=client.V1ObjectMeta(name="python"),
            spec=client.V1LeaseSpec(holder_identity="python", renew_time=renewed),
        ),
    )
    assert leases.read_namespaced_lease("python", namespace).spec.renew_time == renewed


def check_deletion(core):
    names = [f"python-{number}" for number in range(3)]
    version = core.list_namespaced_pod(namespace).metadata.resource_version
    core.delete_collection_namespaced_pod(namespace, label_selector="app=python")
    gone = []
    watcher = watch.Watch()
    for event in watcher.stream(
        core.list_namespaced_pod,
        namespace,
        label_selector="app=python",
        resource_version=version,
        timeout_seconds=60,
    ):
        if event["type"] == "DELETED":
            gone.append(event["object"].metadata.name)
        if sorted(gone) == names:
            watcher.stop()
    assert sorted(gone) == names, gone


config.load_kube_config()
api = client.CoreV1Api()
check_lists_and_watches(api)
check_patches(api)
check_streams(api)
check_micro_times()
check_deletion(api)
print("ok")
