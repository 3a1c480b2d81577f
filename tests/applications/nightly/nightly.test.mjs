import assert from "node:assert";
import { beforeEach, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Nightly } from "./nightly.mjs";

const client = new Anthropic({ maxRetries: 1 });
const control = (path, body) => client.post(`/_emulator/${path}`, { body });
const script = (...steps) => control("scripts", { script: steps });
const report = async () => (await client.get("/_emulator/report")).data.map((each) => each.kind);
const collect = async (list) => {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
};
beforeEach(() => control("reset"));

test("each file has its report", async () => {
  await script({ message: "Good." });
  await script({ custom_tool: "report", input: { warning: "long" } }, { message: "Too long." });
  assert.deepEqual(await new Nightly(client).run({ "a.txt": "a", "b.txt": "b" }), {
    "a.txt": { warnings: [], text: "Good." },
    "b.txt": { warnings: ["long"], text: "Too long." },
  });
  assert.deepEqual(await report(), []);
});

test("several warnings at once are all answered", async () => {
  const call = (warning) => ({ custom_tool: "report", input: { warning } });
  await script({ tools: [call("one"), call("two"), call("three")] }, { message: "Bad." });
  const reports = await new Nightly(client).run({ a: "x" });
  assert.deepEqual(reports.a, { warnings: ["one", "two", "three"], text: "Bad." });
});

test("a file whose review ends early does not stop the others", async () => {
  await script({ idle: { stop_reason: { type: "budget_reached" } } });
  await script({ message: "Good." });
  const reports = await new Nightly(client).run({ a: "x", b: "y" });
  assert.deepEqual(reports.a, { failed: "budget_reached" });
  assert.equal(reports.b.text, "Good.");
});

test("a stream that ends with an error fails its file only", async () => {
  await control("faults", { path_contains: "/stream", error_after_events: 1 });
  await script({ message: "Go" }, { message: "od." });
  const reports = await new Nightly(client).run({ a: "x", b: "y" });
  assert.match(reports.a.failed, /overloaded_error/);
  assert.equal(reports.b.text, "Done.");
});

test("a busy API is asked again", async () => {
  await control("faults", { path: "/v1/files", method: "POST", status: 529, headers: ["retry-after: 0"] });
  assert.equal((await new Nightly(client).run({ a: "x" })).a.text, "Done.");
});

test("nothing is left but archived sessions", async () => {
  await new Nightly(client).run({ a: "x" });
  assert.deepEqual(await collect(client.beta.files.list()), []);
  const [session] = await collect(client.beta.sessions.list({ include_archived: true }));
  assert.equal(session.status, "terminated");
  assert.equal(session.resources[0].mount_path.startsWith("/mnt/session/uploads/file_"), true);
  assert.equal(session.agent.tools[0].name, "report");
});
