// A nightly job: reviews the files of a folder, each in a session of its own, and collects what the agent says.
import Anthropic, { toFile } from "@anthropic-ai/sdk";

export class Nightly {
  constructor(client = new Anthropic()) {
    this.client = client;
  }

  async run(files) {
    const { beta } = this.client;
    const agent = await beta.agents.create({ name: "reviewer", model: "claude-opus-4-5", tools: [REPORT] });
    const environment = await beta.environments.create({ name: `nightly ${crypto.randomUUID()}` });
    const reports = {};
    for (const [name, text] of Object.entries(files)) {
      const file = await beta.files.upload({ file: await toFile(Buffer.from(text), name) });
      try {
        reports[name] = await this.review(agent.id, environment.id, file.id);
      } catch (error) {
        reports[name] = { failed: error.message };
      } finally {
        await beta.files.delete(file.id);
      }
    }
    return reports;
  }

  async review(agent, environment_id, file_id) {
    const { sessions } = this.client.beta;
    const session = await sessions.create({
      agent,
      environment_id,
      resources: [{ type: "file", file_id }],
      initial_events: [{ type: "user.message", content: [{ type: "text", text: "Review it." }] }],
    });
    const report = { warnings: [], text: "" };
    for await (const event of await sessions.events.stream(session.id)) {
      if (event.type === "agent.message") report.text += event.content[0].text;
      if (event.type === "agent.custom_tool_use") {
        report.warnings.push(event.input.warning);
        const result = { type: "user.custom_tool_result", custom_tool_use_id: event.id };
        await sessions.events.send(session.id, { events: [result] });
      }
      if (event.type !== "session.status_idle" || event.stop_reason.type === "requires_action") continue;
      if (event.stop_reason.type !== "end_turn") throw new Error(event.stop_reason.type);
      await sessions.archive(session.id);
      return report;
    }
    throw new Error("the stream ended");
  }
}

const REPORT = {
  type: "custom",
  name: "report",
  description: "Reports a warning.",
  input_schema: { type: "object", properties: { warning: { type: "string" } } },
};
