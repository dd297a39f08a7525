// Two people use the chat, each with a browser. Run it with `node tests/browser/run.mjs`; it needs Rust, Node 20 and Chromium (the
// variable CHROMIUM names another program than `chromium`). Pictures of what they saw are in `shots/` beside this file.

import { strict as assert } from "node:assert";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Chat, build } from "./chat.mjs";
import { Chromium } from "./chromium.mjs";

const SHOTS = fileURLToPath(new URL("shots/", import.meta.url));
const DESKTOP = { width: 1200, height: 760 };
const PHONE = { width: 390, height: 800, scale: 2 };
const LIMIT_SECONDS = 90;

const program = build();
const cleanup = [];
const timer = setTimeout(() => finish(new Error(`not done within ${LIMIT_SECONDS} s`)), LIMIT_SECONDS * 1000);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => finish(new Error(signal)));
people().then(() => finish(null), finish);

async function people() {
  await mkdir(SHOTS, { recursive: true });
  let chat = await start();
  const { url, port } = chat;
  const browser = await Chromium.launch(process.env.CHROMIUM ?? "chromium");
  cleanup.push(() => browser.close());

  step("two people come in");
  const ada = await browser.open(url);
  await look(ada, "door");
  await join(ada, "Ada");
  await ada.until(`${log} .includes("first one here")`);
  const bob = await browser.open(url);
  await join(bob, "  Bob  ");
  await ada.until(`${names} === "Ada,Bob"`);
  await bob.until(`${names} === "Bob,Ada"`);
  await ada.until(`${log}.includes("Bob joined")`);

  step("their messages are compressed, each alone");
  for (const page of [ada, bob]) {
    assert.deepEqual(page.extensions, ["permessage-deflate; server_no_context_takeover; client_no_context_takeover"]);
  }

  step("they see each other's messages, as they were written");
  await say(ada, "Hi Bob! Is this <b>x</b> bold for you?");
  await say(bob, "No, I see <b>x</b>, <img src=x onerror=alert(1)> and “quotes” & all 👋🏽 — naïve 日本語");
  for (const page of [ada, bob]) {
    await page.until(`${texts}.includes("Hi Bob! Is this <b>x</b> bold for you?")`);
    await page.until(`${texts}.includes("No, I see <b>x</b>, <img src=x onerror=alert(1)> and “quotes” & all 👋🏽 — naïve 日本語")`);
    assert.equal(await page.evaluate(`document.querySelectorAll("#log b:not(.who b), #log img").length`), 0);
  }
  assert.deepEqual(await ada.evaluate(mine), [true, false]);
  assert.deepEqual(await bob.evaluate(mine), [false, true]);
  await say(ada, "Good. Two lines:");
  await ada.type("one");
  await ada.press("Enter", "Enter", 13, "\r", 8);
  await say(ada, "two");
  await bob.until(`${texts}.includes("one\\ntwo")`);

  step("a name is there once");
  const eve = await browser.open(url);
  await join(eve, "ADA", false);
  await eve.until(`document.querySelector("#name-problem").textContent.includes("taken")`);
  await join(eve, "Eve 🎈");
  await say(eve, "Room for one more? It is a bit of a long message, so that a line has to break somewhere even where the window is wide, as it is on a desk.");
  await say(eve, "🎈🎉");
  await say(bob, "Always.");
  await ada.until(`${names} === "Ada,Bob,Eve 🎈"`);
  await ada.until(`${texts}.at(-1) === "Always."`);
  await look(ada, "room");
  await look(eve, "room-other", { phone: true, drawer: true });

  step("a page that is loaded again keeps its seat, and shows what was said");
  const [said, bobs] = [await bob.evaluate(texts), await bob.evaluate(mine)];
  assert.equal(said.length, 7);
  await bob.reload();
  await bob.until(`document.body.dataset.state === "online" && ${names} === "Bob,Ada,Eve 🎈"`);
  assert.deepEqual([await bob.evaluate(texts), await bob.evaluate(mine)], [said, bobs]);

  step("who comes new sees what was said, and none of it as theirs");
  const flo = await browser.open(url);
  await join(flo, "Flo");
  assert.deepEqual(await flo.evaluate(texts), said);
  assert.deepEqual(new Set(await flo.evaluate(mine)), new Set([false]));
  assert.equal(await flo.evaluate(`[...document.querySelectorAll("#log time")].every((time) => Date.now() - new Date(time.dateTime) < 90_000)`), true);
  await look(flo, "history", { desktop: true });

  step("a message that is too long is not sent, and the page says so");
  await flo.type("🎈".repeat(1999));
  await flo.until(`${hint} === "1 left" && !document.querySelector("#send").disabled`);
  await flo.type("two");
  await flo.until(`${hint} === "Too long: 2 over 2000" && document.querySelector("#send").disabled`);
  await flo.enter();
  assert.equal(await flo.evaluate(`document.querySelector("#text").value.length`), 2 * 1999 + 3);
  assert.ok(await flo.evaluate(atEnd));
  await look(flo, "too-long");
  await flo.press("Backspace", "Backspace", 8);
  await flo.press("Backspace", "Backspace", 8);
  await flo.enter();
  await ada.until(`${texts}.at(-1) === "🎈".repeat(1999) + "t"`);

  step("who talks too fast is told so, and has the rest back");
  await flo.evaluate(`(() => {
    for (let i = 0; i < 22; i++) {
      document.querySelector("#text").value = "quick " + i;
      document.querySelector("#text").dispatchEvent(new Event("input"));
      document.querySelector("#compose").requestSubmit();
    }
  })()`);
  await flo.until(`document.querySelectorAll("#log .notice.problem").length === 3 && ${log}.includes("too fast")`);
  assert.equal(await flo.evaluate(`document.querySelector("#text").value`), "quick 19\nquick 20\nquick 21");
  await ada.until(`${texts}.at(-1) === "quick 18"`);
  await look(flo, "too-fast");
  await flo.close();
  await bob.until(`${names} === "Bob,Ada,Eve 🎈"`);

  step("who closes is seen to leave");
  await eve.close();
  await ada.until(`${log}.includes("Eve 🎈 left")`);
  await bob.until(`${names} === "Bob,Ada"`);

  step("the server dies: the pages say so, try again, and come back under their names");
  await chat.end("SIGKILL");
  for (const page of [ada, bob]) {
    await page.until(`document.querySelector("#state").textContent === "Offline"`);
    await page.until(`/Retry in \\d+ s/.test(document.querySelector("#banner").innerText)`);
  }
  await ada.type("typed while offline");
  await ada.enter();
  assert.equal(await ada.evaluate(`document.querySelector("#text").value`), "typed while offline");
  await look(ada, "offline", { desktop: true });
  await look(bob, "offline", { phone: true });
  chat = await start(port);
  for (const page of [ada, bob]) await page.until(`document.querySelector("#state").textContent === "Online"`, 20);
  await ada.until(`${names} === "Ada,Bob"`);
  await ada.click("#send");
  await bob.until(`${texts}.at(-1) === "typed while offline"`);
  await bob.click("#text");
  await say(bob, "Welcome back");
  await ada.until(`${texts}.at(-1) === "Welcome back"`);

  step("two windows do not fight for one seat");
  await ada.evaluate(`(() => {
    const other = new WebSocket("ws://" + location.host + "/chat");
    other.onopen = () => other.send("join " + sessionStorage["chat.key"] + " Ada");
  })()`);
  await ada.until(`document.querySelector("#banner").innerText.includes("another window")`);
  await bob.until(`${names} === "Bob,Ada"`);
  await say(bob, "Is Ada elsewhere now?");
  const before = await ada.evaluate(texts);
  await ada.click("#retry");
  await ada.until(`document.body.dataset.state === "online" && ${names} === "Ada,Bob"`);
  // What was said meanwhile is there now, and nothing is twice.
  assert.deepEqual(await ada.evaluate(texts), [...before, "Is Ada elsewhere now?"]);

  step("who leaves can come in again under another name");
  await bob.click("#leave");
  await ada.until(`${log}.includes("Bob left")`);
  await join(bob, "Robert");
  await ada.until(`${names} === "Ada,Robert"`);

  step("nothing came from elsewhere, and nothing went wrong in the pages");
  for (const page of [ada, bob]) {
    for (const asked of page.asked) assert.equal(new URL(asked).host, new URL(url).host, asked);
    assert.deepEqual(page.complaints.filter((text) => !text.includes("ERR_CONNECTION_REFUSED")), []);
  }

  step("the server is told to stop, with both pages open");
  const { status, seconds } = await chat.end("SIGTERM");
  assert.equal(status, 0);
  assert.ok(seconds < 5, `it took ${seconds} s`);
  for (const page of [ada, bob]) await page.until(`document.body.dataset.state !== "online"`);
}

// What the pages show, as expressions.
const log = `document.querySelector("#log").innerText`;
const names = `[...document.querySelectorAll("#names .name")].map((line) => line.textContent).join()`;
const texts = `[...document.querySelectorAll("#log .text")].map((line) => line.textContent)`;
const atEnd = `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 1)(document.querySelector("#scroll"))`;
const hint = `document.querySelector("#left-over").textContent`;
const mine = `[...document.querySelectorAll("#log .message")].map((line) => line.classList.contains("mine"))`;

async function join(page, name, welcome = true) {
  await page.until(`document.activeElement?.id === "name"`);
  await page.evaluate(`document.querySelector("#name").select()`);
  await page.type(name);
  await page.enter();
  if (welcome) await page.until(`document.body.dataset.state === "online" && document.activeElement?.id === "text"`);
}

async function say(page, text) {
  await page.type(text);
  await page.enter();
  await page.until(`document.querySelector("#text").value === ""`);
}

/** Pictures in both sizes and both colour schemes, or in those that are named. */
async function look(page, name, { desktop = false, phone = false, drawer = false } = {}) {
  for (const [device, size] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    if (desktop !== phone && !(device === "desktop" ? desktop : phone)) continue;
    for (const dark of [false, true]) {
      await page.look({ ...size, dark });
      if (drawer && !dark) await page.click("#people-toggle");
      await page.shot(`${SHOTS}${name}-${device}-${dark ? "dark" : "light"}.png`);
    }
  }
  await page.look(DESKTOP);
}

async function start(port) {
  const chat = await Chat.start(program, port);
  cleanup.push(() => chat.end("SIGKILL"));
  return chat;
}

function step(text) {
  console.log(`· ${text}`);
}

async function finish(error) {
  clearTimeout(timer);
  await Promise.allSettled(cleanup.map((end) => end()));
  if (error) console.error(error);
  console.log(error ? "the browser test failed" : "the browser test passed");
  process.exit(error ? 1 : 0);
}
