#!/usr/bin/env node
/* Lets unmodified clients complete their work through the gateway while every provider that they ask is down.
 *
 *     node failover-reqwest/examples/gateway/clients.mjs
 *
 * Installs `openai`, `@anthropic-ai/sdk`, `replicate` and `@fal-ai/client` by name into a folder of their own, which goes away afterwards;
 * starts the gateway with `--rehearse`, so no key is needed and nothing leaves this machine; then asks. It ends with 1 if anything is not
 * as it should be. `--modules FOLDER` takes clients that are installed already: the folder that has their `node_modules`.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const CLIENTS = ["openai", "@anthropic-ai/sdk", "replicate", "@fal-ai/client"];
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const QUESTION = [{ role: "user", content: "Why is the sky blue?" }];
const PICTURE = { prompt: "a lighthouse at dusk" };

async function main() {
  const { values } = parseArgs({ options: { modules: { type: "string" } } });
  if (values.modules) return rehearse(values.modules);
  const folder = mkdtempSync(join(tmpdir(), "failover-clients-"));
  try {
    console.log(`installing ${CLIENTS.join(", ")}`);
    const quietly = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder];
    const { status } = spawnSync("npm", [...quietly, ...CLIENTS], {
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    if (status !== 0) {
      console.error("the clients cannot be installed");
      return 1;
    }
    return await rehearse(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts the gateway, and asks. */
async function rehearse(folder) {
  const cargo = ["run", "--quiet", "--package", "failover-reqwest", "--example", "gateway", "--"];
  const listen = ["--rehearse", "--listen", "127.0.0.1:0", "--grace", "1"];
  // The token would be asked for, and is for callers of another gateway.
  const { FAILOVER_GATEWAY_TOKEN: _, ...env } = process.env;
  console.log("building the gateway (minutes, the first time)");
  const gateway = spawn("cargo", [...cargo, ...listen], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(gateway, "close");
  try {
    const { value: line } = await createInterface({ input: gateway.stdout })[Symbol.asyncIterator]().next();
    if (!line?.startsWith("listening on ")) {
      console.error("the gateway did not start");
      return 1;
    }
    const base = line.slice("listening on ".length);
    console.log(`the gateway listens on ${base}, and all whom it asks are down\n`);
    return await ask(base, createRequire(join(folder, "clients.js")));
  } finally {
    gateway.kill();
    await ended;
  }
}

async function ask(base, load) {
  const tasks = { openai, anthropic, replicate, fal };
  let failed = 0;
  for (const [name, task] of Object.entries(tasks)) {
    const tell = (what, answer) => console.log(`${name.padEnd(9)} ${what.padEnd(22)} ${answer}`);
    try {
      for await (const [what, answer] of task(base, load)) tell(what, answer);
    } catch (error) {
      failed += 1; // whatever a client throws is what this looks for
      tell("FAILED", error);
    }
  }
  console.log(failed ? "\nnot as it should be" : "\nall is as it should be");
  return failed ? 1 : 0;
}

/** The stand-ins say sixty tokens that name them. */
function whole(text, by) {
  const words = text.split(" ").filter(Boolean);
  const expected = Array.from({ length: 60 }, (_, number) => `${by}${number + 1}`);
  must(words.join() === expected.join(), `this is not all of what ${by} says: ${text}`);
  return `${words[0]} .. ${words.at(-1)}, ${words.length} tokens`;
}

function must(good, otherwise) {
  if (!good) throw new Error(otherwise);
}

async function* openai(base, load) {
  const { OpenAI } = load("openai");
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "the-callers-key" });
  const wanted = { model: "gpt-4o", messages: QUESTION };
  const answer = await client.chat.completions.create(wanted);
  yield ["a call", `${whole(answer.choices[0].message.content, "anthropic")}, by ${answer.model}`];
  const asked = { ...wanted, stream: true, stream_options: { include_usage: true } };
  let [text, usage] = ["", null];
  for await (const chunk of await client.chat.completions.create(asked)) {
    usage = chunk.usage ?? usage;
    text += chunk.choices.map((choice) => choice.delta.content ?? "").join("");
  }
  yield ["a stream", `${whole(text, "anthropic")}, usage ${usage.total_tokens}`];
  yield ["the list of models", `${(await client.models.list()).data.length} models`];
}

async function* anthropic(base, load) {
  const { Anthropic } = load("@anthropic-ai/sdk");
  const client = new Anthropic({ baseURL: base, apiKey: "the-callers-key" });
  const wanted = { model: "claude-sonnet-4-6", max_tokens: 1000, messages: QUESTION };
  const answer = await client.messages.create(wanted);
  yield ["a call", `${whole(answer.content[0].text, "openai")}, by ${answer.model}`];
  const { content, usage } = await client.messages.stream(wanted).finalMessage();
  yield ["a stream", `${whole(content[0].text, "openai")}, usage ${usage.input_tokens} + ${usage.output_tokens}`];
  yield ["the list of models", `${(await client.models.list()).data.length} models`];
}

async function* replicate(base, load) {
  const Replicate = load("replicate");
  const client = new Replicate({ baseUrl: `${base}/replicate/v1`, auth: "the-callers-key" });
  const model = "black-forest-labs/flux-schnell";
  const began = await client.predictions.create({ model, input: PICTURE });
  const ended = await client.wait(began);
  must(ended.status === "succeeded" && ended.output?.length, `${ended.status}: ${ended.error}`);
  yield ["a prediction", `${began.status}, then ${ended.status}: ${ended.output}`];
  const output = await client.run("black-forest-labs/flux-dev", { input: PICTURE });
  must(output?.length, `no output: ${output}`);
  yield ["run()", output];
}

async function* fal(base, load) {
  const { createFalClient } = load("@fal-ai/client");
  const proxyUrl = { url: `${base}/api/fal/proxy`, when: "always" };
  const client = createFalClient({ credentials: "the-callers-key", proxyUrl });
  const url = ({ data }) => data.images[0].url;
  yield ["run()", url(await client.run("fal-ai/flux/dev", { input: PICTURE }))];
  yield ["subscribe()", url(await client.subscribe("fal-ai/flux/dev", { input: PICTURE }))];
  const streamed = { input: PICTURE, mode: "streaming" };
  yield ["subscribe(), streamed", url(await client.subscribe("fal-ai/flux/dev", streamed))];
}

process.exitCode = await main();
