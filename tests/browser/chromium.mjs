// Headless Chromium over the DevTools protocol, on a pair of pipes: no port, no package, no driver.
//
// Messages are JSON, each ended by a zero byte; a page is a session inside the one connection. The profile is a new folder that goes away
// with the browser.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
  // Nothing of the browser's own goes out to the network.
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-default-browser-check",
  // A page that is not in front keeps its timers.
  "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
  "--remote-debugging-pipe",
];

export class Chromium {
  #process;
  #profile;
  #calls = new Map();
  #lastCall = 0;
  #pages = new Map();
  #unread = "";

  /** `flags`: what this browser is to do otherwise. */
  static async launch(executable, flags = []) {
    const browser = new Chromium();
    browser.#profile = await mkdtemp(join(tmpdir(), "sockless-browser-"));
    browser.#process = spawn(executable, [...FLAGS, ...flags, `--user-data-dir=${browser.#profile}`, "about:blank"],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.#process.on("error", (error) => browser.#fail(new Error(`cannot start ${executable}: ${error.message}`)));
    browser.#process.on("exit", () => browser.#fail(new Error("the browser is gone")));
    browser.#process.stdio[3].on("error", () => {});
    browser.#process.stdio[4].setEncoding("utf8").on("data", (data) => browser.#read(data));
    await browser.call("Browser.getVersion");
    return browser;
  }

  /** A page of its own kind of person: nothing is shared with the other pages, neither storage nor cache. */
  async open(url) {
    const { browserContextId } = await this.call("Target.createBrowserContext", { disposeOnDetach: true });
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.call(`${domain}.enable`);
    await page.call("Page.navigate", { url });
    return page;
  }

  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { method, resolve, reject });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async close() {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null && this.#process.kill("SIGKILL")) await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #read(data) {
    const messages = (this.#unread + data).split("\0");
    this.#unread = messages.pop();
    for (const { id, error, result, method, params, sessionId } of messages.map((text) => JSON.parse(text))) {
      if (id === undefined) {
        this.#pages.get(sessionId)?.hear(method, params);
        continue;
      }
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) call?.reject(new Error(`${call.method}: ${error.message}`));
      else call?.resolve(result);
    }
  }

  #fail(error) {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}

class Page {
  /** What went wrong in the page: exceptions, console errors, violations of its content policy. */
  complaints = [];
  /** Every address that the page asked for. */
  asked = new Set();
  /** What the answers to its WebSockets say of extensions. */
  extensions = [];
  #browser;
  #session;
  #target;

  constructor(browser, session, target) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
  }

  call(method, params) {
    return this.#browser.call(method, params, this.#session);
  }

  hear(method, params) {
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level !== "verbose") this.complaints.push(params.entry.text);
    if (method === "Runtime.consoleAPICalled") this.complaints.push(`console.${params.type}: ${params.args.map((arg) => arg.value).join(" ")}`);
    if (method === "Network.requestWillBeSent") this.asked.add(params.request.url);
    if (method === "Network.webSocketCreated") this.asked.add(params.url);
    if (method === "Network.webSocketHandshakeResponseReceived") {
      const headers = Object.entries(params.response.headers);
      this.extensions.push(headers.find(([name]) => name.toLowerCase() === "sec-websocket-extensions")?.[1]);
    }
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Waits until the expression holds; what it last gave is in the error. */
  async until(expression, seconds = 10) {
    const end = Date.now() + seconds * 1000;
    let value;
    do {
      value = await this.evaluate(expression).catch((error) => error.message);
      if (value === true) return;
      await new Promise((resolve) => setTimeout(resolve, 40));
    } while (Date.now() < end);
    throw new Error(`not within ${seconds} s: ${expression}\n  text of the page: ${JSON.stringify(await this.evaluate("document.body.innerText"))}`);
  }

  /** Types as a keyboard does, into what has the focus. */
  type(text) {
    return this.call("Input.insertText", { text });
  }

  async press(key, code = key, keyCode = 0, text = undefined, modifiers = 0) {
    const event = { key, code, windowsVirtualKeyCode: keyCode, modifiers };
    await this.call("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", text, ...event });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  enter() {
    return this.press("Enter", "Enter", 13, "\r");
  }

  async click(selector) {
    const { x, y } = await this.evaluate(`(() => {
      const box = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    })()`);
    for (const type of ["mousePressed", "mouseReleased"]) await this.call("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  async look({ width, height, scale = 1, dark = false }) {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: width < 600 });
    await this.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  }

  async shot(path) {
    // One more frame, and the time that the arrival of a line takes.
    await this.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done), 250))");
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    await writeFile(path, Buffer.from(data, "base64"));
  }

  reload() {
    return this.call("Page.reload");
  }

  close() {
    return this.#browser.call("Target.closeTarget", { targetId: this.#target });
  }
}
