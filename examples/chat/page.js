// The page's half of the chat. Its protocol stands at the top of `room/mod.rs`.
//
// Three parts: the socket (connect, lose, come back), the room (what the server said), the form (what the person does). The body's
// `data-state` is the one place that says how the connection is: connecting, online or offline. What others wrote reaches the document
// through `textContent` alone.

const $ = (id) => document.getElementById(id);
const TEXT_MAX = 2000;
const GROUP_MS = 5 * 60 * 1000;
const KEPT_LINES = 500;
// More than the server tells of the past.
const KEPT_IDS = 200;
const REFUSALS = {
  taken: "That name is taken. Try another one.",
  name: "A name has 1 to 32 visible characters.",
  text: "That message was empty.",
  long: `That message was not sent: it is longer than ${TEXT_MAX} characters.`,
  fast: "That message was not sent: so many in a row are too fast. Wait a few seconds and send it again.",
};

// ── The socket ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30000;
const TAKEN_OVER = 4001;
// What a person should know of why the server closed the connection.
const CLOSE_MESSAGES = {
  1001: () => "The server has stopped.",
  1008: (reason) => `The server let you go: this page ${reason}.`,
  1009: () => "The server let you go: that message was far too long.",
};

let socket = null;
let tries = 0;
let retryAt = 0;
let ticking = 0;
let away = "";

function connect() {
  stopRetrying();
  const opening = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chat`);
  socket = opening;
  setState("connecting");
  opening.onopen = () => opening.send(`join ${seatKey()} ${me.name}`);
  // A socket that was given up has no say any more.
  opening.onmessage = ({ data }) => socket === opening && hear(data);
  opening.onclose = ({ code, reason }) => socket === opening && lose(code, reason);
}

function hangUp() {
  stopRetrying();
  const closing = socket;
  socket = null;
  unanswered = [];
  closing?.close(1000);
}

function lose(code, reason) {
  socket = null;
  away = CLOSE_MESSAGES[code]?.(reason) ?? "You are offline.";
  setState("offline");
  if (code === TAKEN_OVER) {
    banner("This chat goes on in another window.", "", "Use it here");
    return;
  }
  // Half of the delay is fixed and half by chance: a restarted server is not met by everyone in the same moment.
  const ceiling = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** tries);
  tries += 1;
  retryAt = Date.now() + ceiling / 2 + (Math.random() * ceiling) / 2;
  ticking = setInterval(tick, 250);
  tick();
}

function tick() {
  const left = retryAt - Date.now();
  if (left <= 0) connect();
  else banner(away, `Retry in ${Math.ceil(left / 1000)} s.`, "Try now");
}

function stopRetrying() {
  clearInterval(ticking);
  ticking = 0;
}

function setState(state) {
  document.body.dataset.state = state;
  $("state").textContent = { connecting: "Connecting…", online: "Online", offline: "Offline" }[state];
  $("banner").hidden = state !== "offline";
  $("door-state").textContent = socket ? "Connecting…" : "";
  refreshSend();
}

function banner(what, when, button) {
  $("door-state").textContent = `${what} ${when}`;
  $("banner-what").textContent = what;
  $("banner-when").textContent = when;
  $("retry").textContent = button;
}

// The secret that lets this tab have its seat back while the server still thinks that the lost connection sits on it.
function seatKey() {
  me.key ||= recall(sessionStorage, "key");
  if (!me.key) {
    me.key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    remember(sessionStorage, "key", me.key);
  }
  return me.key;
}

// Storage can be forbidden; the chat works without.
function recall(storage, key) {
  try { return storage.getItem(`chat.${key}`) ?? ""; } catch { return ""; }
}
function remember(storage, key, value) {
  try { storage.setItem(`chat.${key}`, value); } catch { /* not kept then */ }
}

// ── The room ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const me = { name: "", key: "", seated: false };
const here = new Set();
// What we said and the server has not answered yet, oldest first.
let unanswered = [];
// How what is being written begins, if that was given back.
let givenBack = "";
// The messages that are shown, by their ids: after a reconnect the server tells the past again.
const shown = new Set();
let lastSaid = { name: null, at: 0 };
let unread = 0;
let following = true;
let scrolledSize = "";

const verbs = {
  here(rest) {
    const names = rest.split("\n");
    const back = me.seated;
    me.name = names[0];
    me.seated = true;
    tries = 0;
    here.clear();
    names.forEach((name) => here.add(name));
    remember(sessionStorage, "name", me.name);
    remember(localStorage, "name", me.name);
    setState("online");
    openRoom();
    if (back) notice("You are back.");
    else if (here.size === 1) notice("You are the first one here. Open this page in another window to have company.");
    showPeople();
    // Of what we said last, this did not arrive before the connection was lost.
    giveBack(unanswered.splice(0));
  },
  joined(name) {
    here.add(name);
    showPeople();
    notice(name === me.name ? "You joined" : `${name} joined`);
  },
  left(name) {
    here.delete(name);
    showPeople();
    notice(`${name} left`);
  },
  said(rest) {
    const { id, name, text } = split(rest);
    // Until we have a seat it is the past, in which another one may have had our name.
    const mine = document.body.dataset.state === "online" && name === me.name;
    if (mine) unanswered.shift();
    show(id, name, text, mine);
  },
  yours(rest) {
    const { id, name, text } = split(rest);
    if (!shown.has(id) && unanswered[0] === text) unanswered.shift();
    show(id, name, text, true);
  },
  refused(why) {
    const sentence = REFUSALS[why] ?? "The server did not understand that.";
    if (why === "taken" || why === "name") {
      openDoor(sentence);
      return;
    }
    notice(sentence, "problem");
    giveBack(unanswered.splice(0, 1));
  },
};

// `ID NAME⏎TEXT`
function split(rest) {
  const [space, feed] = [rest.indexOf(" "), rest.indexOf("\n")];
  return { id: Number(rest.slice(0, space)), name: rest.slice(space + 1, feed), text: rest.slice(feed + 1) };
}

function show(id, name, text, mine) {
  if (shown.has(id)) return;
  shown.add(id);
  if (shown.size > KEPT_IDS) shown.delete(shown.values().next().value);
  message(name, text, id, mine);
}

function hear(data) {
  const cut = data.indexOf(" ");
  verbs[data.slice(0, cut)]?.(data.slice(cut + 1));
}

// An id is the moment when it was said.
function message(name, text, at, mine) {
  const line = element("div", "message");
  line.classList.toggle("mine", mine);
  line.classList.toggle("more", name === lastSaid.name && at - lastSaid.at < GROUP_MS);
  line.style.setProperty("--hue", hue(name));
  lastSaid = { name, at };

  const who = element("div", "who");
  who.append(element("b", "", name), clock(at));
  const body = element("div", "text", text);
  body.dir = "auto";
  body.classList.toggle("big", /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d|\ufe0f){1,8}$/u.test(text));
  line.append(avatar(name), who, body);
  append(line, mine);
  if (document.hidden && !mine) setUnread(unread + 1);
}

function notice(text, kind = "") {
  lastSaid = { name: null, at: 0 };
  append(element("div", `notice ${kind}`, text), kind !== "");
}

function append(line, toEnd) {
  $("log").append(line);
  while ($("log").childElementCount > KEPT_LINES) $("log").firstElementChild.remove();
  if (following || toEnd) scrollToEnd();
  else if (line.classList.contains("message")) $("latest").hidden = false;
}

function showPeople() {
  const names = [...here].sort((a, b) => (b === me.name) - (a === me.name) || a.localeCompare(b));
  $("names").replaceChildren(...names.map((name) => {
    const line = element("li", "");
    const shown = element("span", "name", name);
    shown.dir = "auto";
    shown.title = name;
    line.style.setProperty("--hue", hue(name));
    line.append(avatar(name), shown);
    if (name === me.name) line.append(element("span", "you", "you"));
    return line;
  }));
  $("count").textContent = here.size;
}

function avatar(name) {
  const disc = element("span", "avatar", [...name][0].toUpperCase());
  disc.ariaHidden = "true";
  return disc;
}

function clock(at) {
  const time = element("time", "", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = new Date(at).toISOString();
  return time;
}

// The same name has the same colour everywhere.
function hue(name) {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return (hash >>> 8) % 360;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// Whoever scrolled up to read is left in peace; everyone else stays at the end, whatever takes the room away: a phone's keyboard, the banner.
function scrolled() {
  const box = $("scroll");
  const size = `${box.clientWidth} ${box.clientHeight} ${box.scrollHeight}`;
  // What changes its size moves too, and that is nobody's scrolling.
  if (following && size !== scrolledSize) box.scrollTop = box.scrollHeight;
  scrolledSize = size;
  following = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (following) $("latest").hidden = true;
}

function scrollToEnd() {
  $("scroll").scrollTop = $("scroll").scrollHeight;
  scrolled();
}

function setUnread(count) {
  unread = count;
  document.title = count ? `(${count}) sockless chat` : "sockless chat";
}

// ── The forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function openRoom() {
  if (!$("room").hidden) return;
  $("door").hidden = true;
  $("room").hidden = false;
  scrollToEnd();
  $("text").focus();
}

function openDoor(problem) {
  me.seated = false;
  hangUp();
  setState("offline");
  here.clear();
  lastSaid = { name: null, at: 0 };
  shown.clear();
  $("log").replaceChildren();
  remember(sessionStorage, "name", "");
  $("room").hidden = true;
  $("door").hidden = false;
  showProblem(problem);
  $("name").focus();
  $("name").select();
}

function showProblem(problem) {
  $("name-problem").textContent = problem;
  $("name").ariaInvalid = String(problem !== "");
}

function refreshSend() {
  const text = $("text").value.trim();
  // In characters, as the server counts them.
  const left = TEXT_MAX - [...text].length;
  $("send").disabled = document.body.dataset.state !== "online" || text === "" || left < 0;
  $("left-over").textContent = left < 0 ? `Too long: ${-left} over ${TEXT_MAX}` : left <= 200 ? `${left} left` : "";
  $("compose").classList.toggle("too-long", left < 0);
}

// What was not sent is there again to be sent: in its order, ahead of what is being written.
function giveBack(texts) {
  if (texts.length === 0) return;
  const written = $("text").value;
  const before = written.startsWith(givenBack) ? givenBack : "";
  givenBack = [before, ...texts].filter(Boolean).join("\n");
  $("text").value = [givenBack, written.slice(before.length).trim()].filter(Boolean).join("\n");
  fitText();
}

function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
  // While it was measured it was small, and the messages moved.
  if (following) scrollToEnd();
  refreshSend();
}

function showDrawer(open) {
  $("people").classList.toggle("open", open);
  $("people-toggle").ariaExpanded = String(open);
}

$("join").onsubmit = (event) => {
  event.preventDefault();
  me.name = $("name").value.trim();
  showProblem(me.name === "" ? REFUSALS.name : "");
  if (me.name !== "" && socket === null) connect();
};

$("compose").onsubmit = (event) => {
  event.preventDefault();
  if ($("send").disabled) return;
  const text = $("text").value.trim();
  socket.send(`say ${text}`);
  unanswered.push(text);
  $("text").value = "";
  givenBack = "";
  fitText();
  $("text").focus();
};

$("text").oninput = fitText;
$("text").onkeydown = (event) => {
  // Enter that ends the input of a composed character is not ours.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("compose").requestSubmit();
};

$("leave").onclick = () => openDoor("");
$("retry").onclick = connect;
$("latest").onclick = scrollToEnd;
$("scroll").onscroll = scrolled;
const sizes = new ResizeObserver(scrolled);
for (const id of ["scroll", "log"]) sizes.observe($(id));
$("people-toggle").onclick = () => showDrawer(!$("people").classList.contains("open"));
$("talk").onclick = () => showDrawer(false);
document.onkeydown = (event) => { if (event.key === "Escape") showDrawer(false); };
document.onvisibilitychange = () => { if (!document.hidden) setUnread(0); };
window.ononline = () => { if (ticking) connect(); };

me.name = recall(sessionStorage, "name");
$("name").value = me.name || recall(localStorage, "name");
setState("connecting");
// A reloaded page takes its seat again; a new one asks for a name.
if (me.name) connect();
else $("name").focus();
