#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""examples/kubernetes against the models that the Kubernetes API's schema was turned into, its
policy against `oomguard policy check`, and its words against those the shim writes."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import kubernetes.client as api
import yaml

OOMGUARD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
EXAMPLES = SOURCE / "examples/kubernetes"
MODELS = {
    ("v1", "Namespace"): api.V1Namespace,
    ("v1", "ConfigMap"): api.V1ConfigMap,
    ("apps/v1", "DaemonSet"): api.V1DaemonSet,
    ("apps/v1", "Deployment"): api.V1Deployment,
    ("node.k8s.io/v1", "RuntimeClass"): api.V1RuntimeClass,
}
SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}


def check_value(value, kind, where):
    """Raises ValueError where the value is not what the model says."""
    listed = re.fullmatch(r"list\[(.+)\]", kind)
    mapped = re.fullmatch(r"dict\(str, (.+)\)", kind)
    if listed:
        if not isinstance(value, list):
            raise ValueError(f"{where}: not a list")
        for i, item in enumerate(value):
            check_value(item, listed[1], f"{where}[{i}]")
    elif mapped:
        if not isinstance(value, dict):
            raise ValueError(f"{where}: not an object")
        for key, item in value.items():
            check_value(item, mapped[1], f"{where}.{key}")
    elif kind in SCALARS:
        # A bool is an int to Python, and none to the API.
        if not isinstance(value, SCALARS[kind]) or (kind == "int" and isinstance(value, bool)):
            raise ValueError(f"{where}: {value!r} is not of type {kind}")
    else:
        check_object(value, getattr(api, kind), where)


def check_object(value, model, where):
    if not isinstance(value, dict):
        raise ValueError(f"{where}: not an object")
    names = {key: name for name, key in model.attribute_map.items()}
    for key, item in value.items():
        if key not in names:
            raise ValueError(f"{where}: {model.__name__} has no {key!r}")
        check_value(item, model.openapi_types[names[key]], f"{where}.{key}")
    # The constructor refuses what lacks a required member.
    try:
        model(**{names[key]: item for key, item in value.items()})
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def check_document(document, where):
    model = MODELS.get((document.get("apiVersion"), document.get("kind")))
    if model is None:
        raise ValueError(f"{where}: unexpected kind {document.get('kind')!r}")
    check_object(document, model, f"{where}: {document['kind']}")


def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text()) if d]


def manifests():
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from ((path, document) for document in documents(path))


def one(kind):
    found = [d for _, d in manifests() if d["kind"] == kind]
    assert len(found) == 1, found
    return found[0]


class Manifests(unittest.TestCase):
    def test_schema(self):
        count = 0
        for path, document in manifests():
            check_document(document, path.name)
            count += 1
        self.assertEqual(count, 5)

    def test_the_check_refuses(self):
        """What is wrong in a manifest is found."""
        for spoil in (
                lambda d: d["spec"].update(replica=3),
                lambda d: d["spec"]["template"]["spec"].update(hostPID="yes"),
                lambda d: d["spec"]["template"]["spec"]["containers"][0].pop("name"),
                lambda d: d["spec"].pop("selector"),
                lambda d: d["spec"]["template"]["spec"].update(tolerations={"operator": "Exists"}),
                lambda d: d.update(kind="Daemon")):
            document = one("DaemonSet")
            spoil(document)
            with self.assertRaises(ValueError):
                check_document(document, "spoiled")

    def test_daemonset(self):
        spec = one("DaemonSet")["spec"]
        pod = spec["template"]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        self.assertTrue(spec["selector"]["matchLabels"].items() <= labels.items())
        self.assertTrue(pod["hostPID"])
        # Not through the handler that it installs itself.
        self.assertNotIn("runtimeClassName", pod)
        container, = pod["containers"]
        self.assertTrue(container["securityContext"]["privileged"])
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        self.assertEqual(set(volumes), set(mounts))
        script = (EXAMPLES / "image/oomguard-node").read_text()
        self.assertIn("HOST=${HOST-" + mounts["host"]["mountPath"] + "}", script)
        self.assertIn("POLICY=${POLICY-" + mounts["policy"]["mountPath"] + "/policy.json}", script)
        self.assertEqual(container["args"], ["run"])

    def test_runtime_class(self):
        """Its label is the one that node-feature-discovery makes of the script's line."""
        runtime_class = one("RuntimeClass")
        script = (EXAMPLES / "image/oomguard-node").read_text()
        name, value = re.search(r'echo "([a-z-]+)=([a-z]+)" >"\$TMP/oomguard"', script).groups()
        self.assertEqual(runtime_class["scheduling"]["nodeSelector"],
                         {f"feature.node.kubernetes.io/{name}": value})
        self.assertIn("HANDLER=${HANDLER-" + runtime_class["handler"] + "}", script)

    def test_workloads(self):
        """They use the RuntimeClass, have limits, and ask for nothing that the policy refuses."""
        allowed = json.loads((EXAMPLES / "policy.json").read_text())["annotations"]["allow"]
        asked = []
        for _, document in manifests():
            if document["kind"] != "Deployment":
                continue
            template = document["spec"]["template"]
            names = [c["name"] for c in template["spec"]["containers"]]
            self.assertEqual(template["spec"]["runtimeClassName"], one("RuntimeClass")["metadata"]["name"])
            for container in template["spec"]["containers"]:
                self.assertIn("memory", container["resources"]["limits"])
            for key, value in template["metadata"]["annotations"].items():
                word = key.removeprefix("oomguard.io/")
                self.assertNotEqual(word, key)
                name, _, container = word.partition(".")
                self.assertIn(name, allowed)
                self.assertIn(container, ["", *names])
                self.assertIsInstance(value, str)
                asked.append((word, value))
        self.assertEqual(dict(asked), {"oom-group": "off", "on-oom-process.app": "restart"})

    def test_policy(self):
        done = subprocess.run([OOMGUARD, "policy", "check", EXAMPLES / "policy.json", "--json"],
                              stdout=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(json.loads(done.stdout)["problems"], [])
        # A used-up budget stops killing; the kubelet would go on for ever.
        profile = json.loads((EXAMPLES / "policy.json").read_text())["profiles"]["default"]
        self.assertEqual(profile["restart"]["giveUp"], "leave")

    def test_kustomize(self):
        """Files that are named exist; and where kubectl is installed it puts them together."""
        for path in EXAMPLES.rglob("kustomization.yaml"):
            document, = documents(path)
            generated = [f for g in document.get("configMapGenerator", []) for f in g["files"]]
            for name in [*document.get("resources", []), *generated]:
                self.assertTrue((path.parent / name).is_file(), (path, name))
            if not shutil.which("kubectl"):
                continue
            built = subprocess.run(["kubectl", "kustomize", path.parent], stdout=subprocess.PIPE,
                                   text=True, check=True, timeout=60).stdout
            for made in yaml.safe_load_all(built):
                check_document(made, str(path))
                if made["kind"] == "ConfigMap":
                    for name, text in made["data"].items():
                        self.assertEqual(text, (path.parent / name).read_text())


class Detector(unittest.TestCase):
    """node-problem-detector matches a pattern up to the end of the message."""

    def setUp(self):
        path = EXAMPLES / "node-problem-detector/oomguard-monitor.json"
        self.monitor = json.loads(path.read_text())

    def reasons(self, message):
        return [rule["reason"] for rule in self.monitor["rules"]
                if re.search(rule["pattern"] + r"\Z", message)]

    def test_form(self):
        self.assertEqual(self.monitor["plugin"], "journald")
        # The name under which the shim logs.
        self.assertEqual(self.monitor["pluginConfig"], {"source": "oomguard-shim"})
        for rule in self.monitor["rules"]:
            self.assertEqual(set(rule), {"type", "reason", "pattern"})
            self.assertEqual(rule["type"], "temporary")
            self.assertRegex(rule["reason"], r"^[A-Z][A-Za-z]+$")

    def test_messages(self):
        for message, reason in (
                ("the kernel killed 1 process, slot process: tail (pid 32223, 64.9 MiB)",
                 ["ContainerOutOfMemory"]),
                ("the kernel killed 3 processes, slot unknown", ["ContainerOutOfMemory"]),
                ("the kernel killed 1 process while no shim watched; it is acted on now",
                 ["OutOfMemoryUnwatched"]),
                ("3 of 3 restarts are used up: left as it is", ["ContainerRestartsUsedUp"]),
                ("armed", []), ("restart: number 1 of 3, after 1000 ms", [])):
            self.assertEqual(self.reasons(message), reason, message)

    def test_words_of_the_shim(self):
        """The words still stand in the shim: each of its stalls is one event."""
        stalls = re.search(r"stall_words\(.*?^}", (SOURCE / "shim/record_stall.c").read_text(),
                           re.S | re.M)[0]
        words = re.findall(r'return "([^"]+)"', stalls)
        self.assertGreaterEqual(len(words), 5)
        for message in words:
            # Behind the last case, for the compiler.
            if message != "stalled":
                self.assertEqual(self.reasons(message), ["ContainerHangs"], message)
        shim = "".join(p.read_text() for p in (SOURCE / "shim").glob("*.c"))
        for words in ("the kernel killed %llu process%s, slot ", "restarts are used up",
                      "the kernel killed %llu process%s while no shim watched"):
            self.assertIn(words, shim)


unittest.main(argv=sys.argv[:1], verbosity=2)
