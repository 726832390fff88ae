"""Checks of a running server through the official Python client.

Each check prints one JSON line, {"check", "ok", "error"}; a line {"ask": "restart"} asks whoever started us to restart
the server, and is answered on standard input. Usage: checks.py NAMESPACE, with KUBECONFIG set.
"""

import json
import sys
import threading
import time
import traceback

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import UnprocessibleEntityError
from urllib3.exceptions import HTTPError

NAMESPACE = sys.argv[1]
TIMEOUT_SECONDS = 60  # A bound against hanging, not a measure.

config.load_kube_config()
# Retries of urllib3 would hide what the server answers.
api = client.ApiClient()
core = client.CoreV1Api(api)
apps = client.AppsV1Api(api)
extensions = client.ApiextensionsV1Api(api)
custom = client.CustomObjectsApi(api)


def say(**line):
    print(json.dumps(line), flush=True)


def restart():
    say(ask="restart")
    sys.stdin.readline()


def config_map(name, labels=None, data=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data)


def make(name, labels=None, data=None):
    return core.create_namespaced_config_map(NAMESPACE, config_map(name, labels, data))


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == status, error
        assert json.loads(error.body)["kind"] == "Status", error.body
        return
    raise AssertionError(f"not refused with {status}")


def eventually(probe):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not probe():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.05)


def discovery():
    assert client.VersionApi(api).get_code().minor == "36"
    dyn = dynamic.DynamicClient(api)
    assert dyn.resources.get(api_version="apps/v1", kind="Deployment").name == "deployments"
    assert "apps" in [group.name for group in client.ApisApi(api).get_api_versions().groups]


def create():
    made = make("made", data={"a": "1"})
    assert made.metadata.uid and made.metadata.creation_timestamp.tzinfo, made
    refused(409, make, "made")
    refused(422, make, "Bad_Name")
    core.create_namespaced_config_map(NAMESPACE, config_map("dry"), dry_run="All")
    refused(404, core.read_namespaced_config_map, "dry", NAMESPACE)


def update():
    old = make("updated")
    new = make_copy(old, {"b": "2"})
    assert core.replace_namespaced_config_map("updated", NAMESPACE, new).data == {"b": "2"}
    refused(409, core.replace_namespaced_config_map, "updated", NAMESPACE, make_copy(old, {"c": "3"}))


def make_copy(old, data):
    return client.V1ConfigMap(metadata=old.metadata, data=data)


def list_pages():
    for i in range(25):
        make(f"page-{i:02}", labels={"in": "pages"})
    names, sizes, versions, more = [], [], set(), None
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector="in=pages", limit=10, _continue=more)
        names += [item.metadata.name for item in page.items]
        sizes.append(len(page.items))
        versions.add(page.metadata.resource_version)
        more = page.metadata._continue
        if not more:
            break
    assert names == [f"page-{i:02}" for i in range(25)], names
    assert sizes == [10, 10, 5] and len(versions) == 1, (sizes, versions)


def patched(name, body, content_type=None):
    make(name, data={"keep": "k", "drop": "d"})
    kwargs = {"_content_type": content_type} if content_type else {}
    return core.patch_namespaced_config_map(name, NAMESPACE, body, **kwargs).data


def patch_json():
    body = [{"op": "remove", "path": "/data/drop"}, {"op": "add", "path": "/data/new", "value": "n"}]
    assert patched("patch-json", body, "application/json-patch+json") == {"keep": "k", "new": "n"}


def patch_merge():
    body = {"data": {"drop": None, "new": "n"}}
    assert patched("patch-merge", body, "application/merge-patch+json") == {"keep": "k", "new": "n"}


def patch_strategic():
    labels = {"app": "strategic"}
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(containers=[client.V1Container(name="web", image="web:1")]),
    )
    spec = client.V1DeploymentSpec(replicas=0, selector=client.V1LabelSelector(match_labels=labels), template=template)
    made = client.V1Deployment(metadata=client.V1ObjectMeta(name="strategic"), spec=spec)
    apps.create_namespaced_deployment(NAMESPACE, made)
    body = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "side:1"}]}}}}
    content_type = "application/strategic-merge-patch+json"
    got = apps.patch_namespaced_deployment("strategic", NAMESPACE, body, _content_type=content_type)
    assert sorted(one.name for one in got.spec.template.spec.containers) == ["side", "web"], got


def applied(name, data, manager, force=None):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
    return core.patch_namespaced_config_map(
        name, NAMESPACE, body, field_manager=manager, force=force, _content_type="application/apply-patch+yaml"
    )


def apply():
    first = applied("applied", {"a": "1", "b": "2"}, "first")
    again = applied("applied", {"a": "1", "b": "2"}, "first")
    assert again.metadata.resource_version == first.metadata.resource_version
    assert applied("applied", {"a": "1"}, "first").data == {"a": "1"}
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"c": "3"}}
    got = maps.server_side_apply(body=body, namespace=NAMESPACE, field_manager="second")
    assert got.data.to_dict() == {"a": "1", "c": "3"}, got


def apply_conflict():
    applied("contested", {"a": "1"}, "first")
    refused(409, applied, "contested", {"a": "2"}, "second")
    assert applied("contested", {"a": "2"}, "second", force=True).data == {"a": "2"}


def delete():
    made = make("removed")
    other = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=made.metadata.uid + "x"))
    refused(409, core.delete_namespaced_config_map, "removed", NAMESPACE, body=other)
    assert core.delete_namespaced_config_map("removed", NAMESPACE).status == "Success"
    refused(404, core.delete_namespaced_config_map, "removed", NAMESPACE)


def delete_collection():
    for name in ("one", "two", "three"):
        make(f"collected-{name}", labels={"in": "collection"})
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="in=collection")
    assert not core.list_namespaced_config_map(NAMESPACE, label_selector="in=collection").items
    core.read_namespaced_config_map("made", NAMESPACE)


def custom_resource():
    group, plural = "python.example.com", "widgets"
    replicas = client.V1JSONSchemaProps(type="integer", minimum=0, default=1)
    spec = client.V1JSONSchemaProps(type="object", properties={"replicas": replicas})
    schema = client.V1JSONSchemaProps(type="object", properties={"spec": spec})
    version = client.V1CustomResourceDefinitionVersion(
        name="v1", served=True, storage=True, schema=client.V1CustomResourceValidation(open_apiv3_schema=schema)
    )
    definition = client.V1CustomResourceDefinition(
        metadata=client.V1ObjectMeta(name=f"{plural}.{group}"),
        spec=client.V1CustomResourceDefinitionSpec(
            group=group,
            scope="Namespaced",
            versions=[version],
            names=client.V1CustomResourceDefinitionNames(plural=plural, kind="Widget"),
        ),
    )
    extensions.create_custom_resource_definition(definition)

    def established():
        conditions = extensions.read_custom_resource_definition(f"{plural}.{group}").status.conditions or []
        return any(one.type == "Established" and one.status == "True" for one in conditions)

    eventually(established)
    body = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {}}
    place = (group, "v1", NAMESPACE, plural)
    assert custom.create_namespaced_custom_object(*place, body)["spec"] == {"replicas": 1}
    wrong = {**body, "metadata": {"name": "wrong"}, "spec": {"replicas": -1}}
    refused(422, custom.create_namespaced_custom_object, *place, wrong)
    got = custom.patch_namespaced_custom_object(*place, "one", {"spec": {"replicas": 3}})
    assert got["spec"] == {"replicas": 3}, got
    widgets = dynamic.DynamicClient(api).resources.get(api_version=f"{group}/v1", kind="Widget")
    assert [one.metadata.name for one in widgets.get(namespace=NAMESPACE).items] == ["one"]
    try:
        widgets.create(body=wrong, namespace=NAMESPACE)
        raise AssertionError("took what its schema forbids")
    except UnprocessibleEntityError:
        pass
    widgets.delete(name="one", namespace=NAMESPACE)
    extensions.delete_custom_resource_definition(f"{plural}.{group}")


def watch_through_restart():
    seen, done = [], threading.Event()

    def follow(version):
        while not done.is_set():
            watcher = watch.Watch()
            try:
                kwargs = {"resource_version": version, "timeout_seconds": 30}
                for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, **kwargs):
                    seen.append((event["type"], event["object"].metadata.name))
                    version = event["object"].metadata.resource_version
                    if done.is_set():
                        return
            except (HTTPError, OSError):
                # The server is away: on from the last that was seen.
                time.sleep(0.05)

    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    threading.Thread(target=follow, args=(start,), daemon=True).start()
    make("watch-before")
    eventually(lambda: seen == [("ADDED", "watch-before")])
    restart()
    make("watch-after")
    core.delete_namespaced_config_map("watch-before", NAMESPACE)
    wanted = [("ADDED", "watch-before"), ("ADDED", "watch-after"), ("DELETED", "watch-before")]
    eventually(lambda: len(seen) >= len(wanted))
    done.set()
    assert seen == wanted, seen


CHECKS = [
    discovery,
    create,
    update,
    list_pages,
    patch_json,
    patch_merge,
    patch_strategic,
    apply,
    apply_conflict,
    delete,
    delete_collection,
    custom_resource,
    watch_through_restart,
]

core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
for check in CHECKS:
    name = check.__name__.replace("_", "-")
    try:
        check()
        say(check=name, ok=True)
    except Exception:  # Whatever it is, it is the check's answer.
        say(check=name, ok=False, error=traceback.format_exc())
