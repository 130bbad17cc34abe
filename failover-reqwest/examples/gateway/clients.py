#!/usr/bin/env python3
"""Lets unmodified clients complete their work through the gateway while every provider that they ask is down.

    python3 failover-reqwest/examples/gateway/clients.py

Installs `openai`, `anthropic`, `replicate` and `fal-client` by name into a folder of their own, which goes away afterwards; starts the
gateway with `--rehearse`, so no key is needed and nothing leaves this machine; then asks. It ends with 1 if anything is not as it
should be. `--python PATH` takes clients that are installed already.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

CLIENTS = ["openai", "anthropic", "replicate", "fal-client"]
ROOT = pathlib.Path(__file__).resolve().parents[3]
QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="a Python that has the clients, in place of installing them")
    parser.add_argument("--base", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.base:
        return ask(wanted.base)
    with tempfile.TemporaryDirectory(prefix="failover-clients-") as folder:
        if wanted.python and not has_clients(wanted.python):
            print(f"{wanted.python} does not have the clients: leave out --python to install them", file=sys.stderr)
            return 1
        return rehearse(wanted.python or installed(folder))


def has_clients(python: str) -> bool:
    modules = ", ".join(client.replace("-", "_") for client in CLIENTS)
    try:
        return subprocess.run([python, "-c", f"import {modules}"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def installed(folder: str) -> str:
    """A Python that has the clients."""
    print(f"installing {', '.join(CLIENTS)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = os.path.join(folder, "Scripts" if os.name == "nt" else "bin", "python")
    quietly = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*quietly, *CLIENTS], check=True)
    return python


def rehearse(python: str) -> int:
    """Starts the gateway, and asks by way of another process, which has the clients."""
    cargo = ["cargo", "run", "--quiet", "--package", "failover-reqwest", "--example", "gateway", "--"]
    arguments = ["--rehearse", "--listen", "127.0.0.1:0", "--grace", "1"]
    # The token would be asked for, and is for callers of another gateway.
    own = {name: value for name, value in os.environ.items() if name != "FAILOVER_GATEWAY_TOKEN"}
    # No proxy leads to this machine.
    own |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    print("building the gateway (minutes, the first time)", flush=True)
    gateway = subprocess.Popen([*cargo, *arguments], cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True)
    try:
        line = gateway.stdout.readline().strip()
        if not line.startswith("listening on "):
            print("the gateway did not start", file=sys.stderr)
            return 1
        base = line.removeprefix("listening on ")
        print(f"the gateway listens on {base}, and all whom it asks are down\n", flush=True)
        return subprocess.run([python, __file__, "--base", base], check=False, env=own).returncode
    finally:
        gateway.terminate()
        gateway.wait()


def ask(base: str) -> int:
    failed = 0
    for task in [openai_client, anthropic_client, replicate_client, fal_client]:
        def tell(what: str, answer: str, name: str = task.__name__.removesuffix("_client")) -> None:
            print(f"{name:<9} {what:<22} {answer}", flush=True)

        try:
            for what, answer in task(base):
                tell(what, answer)
        except Exception as error:  # whatever a client raises is what this looks for
            failed += 1
            tell("FAILED", f"{type(error).__name__}: {error}")
    print("\nnot as it should be" if failed else "\nall is as it should be")
    return 1 if failed else 0


def whole(text: str, by: str) -> str:
    """The stand-ins say sixty tokens that name them."""
    words = text.split()
    if words != [f"{by}{number}" for number in range(1, 61)]:
        raise AssertionError(f"this is not all of what {by} says: {text!r}")
    return f"{words[0]} .. {words[-1]}, {len(words)} tokens"


def openai_client(base: str):
    from openai import OpenAI

    client = OpenAI(base_url=f"{base}/v1", api_key="the-callers-key")
    answer = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    yield "a call", f"{whole(answer.choices[0].message.content, 'anthropic')}, by {answer.model}"
    stream = client.chat.completions.create(
        model="gpt-4o", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    text, usage = "", None
    for chunk in stream:
        usage = chunk.usage or usage
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
    yield "a stream", f"{whole(text, 'anthropic')}, usage {usage.total_tokens}"
    yield "the list of models", f"{len(client.models.list().data)} models"


def anthropic_client(base: str):
    from anthropic import Anthropic

    client = Anthropic(base_url=base, api_key="the-callers-key")
    wanted = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "messages": QUESTION}
    answer = client.messages.create(**wanted)
    yield "a call", f"{whole(answer.content[0].text, 'openai')}, by {answer.model}"
    with client.messages.stream(**wanted) as stream:
        text = "".join(stream.text_stream)
        usage = stream.get_final_message().usage
    yield "a stream", f"{whole(text, 'openai')}, usage {usage.input_tokens} + {usage.output_tokens}"
    yield "the list of models", f"{len(client.models.list().data)} models"


def replicate_client(base: str):
    from replicate import Client

    client = Client(api_token="the-callers-key", base_url=f"{base}/replicate")
    asked = {"prompt": "a lighthouse at dusk"}
    prediction = client.predictions.create(model="black-forest-labs/flux-schnell", input=asked, wait=False)
    began = prediction.status
    prediction.wait()
    if prediction.status != "succeeded" or not prediction.output:
        raise AssertionError(f"{prediction.status}: {prediction.error}")
    yield "a prediction", f"{began}, then {prediction.status}: {prediction.output}"
    output = client.run("black-forest-labs/flux-dev", input=asked)
    yield "run()", f"{output}"


def fal_client(base: str):
    import fal_client as fal

    # It takes hosts from FAL_RUN_HOST and FAL_QUEUE_RUN_HOST, and asks by https:; a gateway without TLS is named here.
    fal.client.RUN_URL_FORMAT = f"{base}/fal/"
    fal.client.QUEUE_URL_FORMAT = f"{base}/queue/"
    client = fal.SyncClient(key="the-callers-key")
    asked = {"prompt": "a lighthouse at dusk"}
    yield "run()", client.run("fal-ai/flux/dev", arguments=asked)["images"][0]["url"]
    yield "subscribe()", client.subscribe("fal-ai/flux/dev", arguments=asked)["images"][0]["url"]


if __name__ == "__main__":
    sys.exit(main())
