// The chat example as a child process: built by cargo, started on a port, ended by its pid.

import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Builds the example, with all that it can do, and gives the path of the program. */
export function build() {
  const out = execFileSync("cargo", ["build", "--quiet", "--example", "chat", "--features", "deflate", "--message-format=json"],
    { cwd: PROJECT, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
  const artifacts = out.toString().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const path = artifacts.findLast(({ target, executable }) => target?.name === "chat" && executable)?.executable;
  if (!path) throw new Error("cargo built no chat");
  return path;
}

export class Chat {
  static async start(program, port = 0) {
    const chat = new Chat();
    chat.process = spawn(program, ["--addr", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "inherit"] });
    chat.ended = once(chat.process, "exit");
    chat.ended.catch(() => {});
    const lines = createInterface({ input: chat.process.stdout });
    chat.url = await Promise.race([
      once(lines, "line").then(([line]) => line),
      chat.ended.then(([status]) => { throw new Error(`the chat ended at once, with status ${status}`); }),
    ]);
    chat.port = new URL(chat.url).port;
    return chat;
  }

  /** Gives the exit status and how many seconds it took. */
  async end(signal) {
    const from = Date.now();
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const [status] = await this.ended;
    return { status, seconds: (Date.now() - from) / 1000 };
  }
}
