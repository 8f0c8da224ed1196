// The page: keeps what the server tells, shows it, and sends what is done.

import { bubble, dayOf, make, pressables } from "./bubbles.js";
import * as panel from "./panel.js";

const at = (id) => document.getElementById(id);
const NEAR = 120; // pixels from the end of the chat within which it follows

const state = {
  me: 0, people: [], messages: new Map(), seen: new Map(), clock: { now: 0, is_stopped: false }, clockAt: 0,
  now() {
    return this.clock.is_stopped ? this.clock.now : this.clock.now + (performance.now() - this.clockAt) / 1000;
  },
  mine() { return this.people.find((person) => person.number === this.me); },
  chat(number) { return [...this.messages.values()].filter((message) => message.person === number); },
  last(number) { return this.chat(number).at(-1)?.body.split("\n")[0]; },
  unread(number) {
    const received = this.chat(number).filter((message) => message.by === "business").length;
    return number === this.me ? 0 : received - (this.seen.get(number) || 0);
  },
};

// --- what is asked of the server

async function ask(what, body) {
  try {
    const answer = await fetch(`control/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  } catch (error) {
    trouble(`That did not work: ${error.message}`);
    return null;
  }
}

const act = (what) => ask("act", { person: state.me, ...what });

let troubleTimer = 0;
function trouble(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = false;
  clearTimeout(troubleTimer);
  troubleTimer = setTimeout(() => { at("trouble").hidden = true; }, 6000);
}

// --- who one is

function be(number) {
  const before = state.mine();
  if (before) noteSeen(before.number);
  if (before?.phone_is === "open" && number !== state.me) act({ phone: "on" });
  state.me = number;
  sessionStorage.setItem("me", number);
  if (state.mine()?.phone_is === "on") act({ phone: "open" });
  closePanel();
  showAll();
  at("text").focus({ preventScroll: true });
}

function noteSeen(number) {
  state.seen.set(number, state.chat(number).filter((message) => message.by === "business").length);
}

// --- what the server tells

const TOLD = {
  everything(all) {
    state.people = all.people;
    state.messages = new Map(all.messages.map((message) => [message.id, message]));
    TOLD.clock(all.clock);
    TOLD.chaos(all.chaos);
    TOLD.cost(all.cost);
    at("name").textContent = all.business.name;
    at("avatar").textContent = all.business.name.slice(0, 1);
    document.title = `${all.business.name} · chat simulator`;
    at("log").replaceChildren();
    all.log.forEach(panel.showLog);
    if (!all.people.length) ask("person", { name: "Ada" });
    const wanted = Number(sessionStorage.getItem("me"));
    state.people.forEach((person) => noteSeen(person.number));
    state.me = state.people.some((person) => person.number === wanted) ? wanted : all.people[0]?.number || 0;
    showAll();
  },
  person(person) {
    const index = state.people.findIndex((other) => other.number === person.number);
    if (index < 0) state.people.push(person);
    else state.people[index] = person;
    if (!state.me) be(person.number);
    panel.showPeople(state, be);
    if (person.number === state.me) { showTyping(); showPhone(); }
  },
  message(message) {
    const isKnown = state.messages.has(message.id);
    state.messages.set(message.id, message);
    if (message.person === state.me) {
      if (isKnown) refresh(message);
      else append(message);
    }
    panel.showPeople(state, be);
  },
  clock(clock) {
    state.clock = clock;
    state.clockAt = performance.now();
    tick();
    showPhone();
  },
  chaos(chaos) { panel.showChaos(chaos, ask); },
  cost(cost) { at("cost").textContent = `cost $${cost.toFixed(4)}`; },
  log(line) { panel.showLog(line); },
};

function listen() {
  const events = new EventSource("control/events");
  events.onmessage = (event) => {
    for (const [what, value] of Object.entries(JSON.parse(event.data))) TOLD[what](value);
  };
  events.onerror = () => { at("presence").textContent = "no connection, trying again…"; };
}

// --- what is shown

function showAll() {
  const items = [];
  let before = null;
  for (const message of state.chat(state.me)) {
    items.push(...itemsFor(message, before));
    before = message;
  }
  if (!items.length) items.push(make("li", { className: "hint" }, "Say what work you want, in your own words: driver work for Ikeja, from 80k. Nothing goes to WhatsApp."));
  at("chat").replaceChildren(...items);
  panel.showPeople(state, be);
  showPhone();
  showTyping();
  toEnd();
}

function append(message) {
  const chat = at("chat");
  const follows = message.by === "person" || isNearEnd();
  chat.querySelector(".hint")?.remove();
  chat.querySelector(".dots")?.remove();
  chat.append(...itemsFor(message, state.chat(state.me).at(-2) || null));
  showTyping();
  if (follows) toEnd();
}

function refresh(message) {
  const shown = at("chat").querySelector(`[data-id="${CSS.escape(message.id)}"]`);
  if (!shown) return;
  shown.classList.toggle("unreached", message.status === "failed");
  // Its buttons stay: one of them may be where the focus returns to.
  shown.querySelector(".bubble").replaceWith(bubbleOf(message));
  shown.querySelector(".failed")?.remove();
  shown.append(failureOf(message));
}

function itemsFor(message, before) {
  const isNewDay = !before || dayOf(before.at, 0) !== dayOf(message.at, 0);
  const isFirst = isNewDay || before.by !== message.by;
  const shown = make("li", { className: `message ${message.by}${isFirst ? " first" : ""}` }, ...parts(message));
  shown.classList.toggle("unreached", message.status === "failed");
  shown.dataset.id = message.id;
  return isNewDay ? [day(message.at), shown] : [shown];
}

function day(seconds) {
  const made = make("li", { className: "day" }, dayOf(seconds, state.now()));
  made.dataset.at = seconds;
  return made;
}

function parts(message) {
  const sender = message.by === "person" ? "You" : at("name").textContent;
  return [
    make("span", { className: "hidden" }, `${sender}:`),
    bubbleOf(message),
    ...pressables(message, {
      press: (choice) => act({ press: choice, message: message.id }),
      open: () => openSheet(message),
      fill: () => openForm(message),
    }),
    failureOf(message),
  ];
}

const bubbleOf = (message) => bubble(message, state.messages.get(message.reply_to));

const failureOf = (message) =>
  message.status === "failed" ? make("p", { className: "failed" }, `Did not reach her: ${message.error}`) : "";

function showTyping() {
  const me = state.mine();
  const isTyping = Boolean(me) && me.typing_until > state.now();
  const chat = at("chat");
  at("presence").textContent = isTyping ? "typing…" : "online";
  at("presence").classList.toggle("typing", isTyping);
  const dots = chat.querySelector(".dots");
  if (!isTyping) dots?.remove();
  else if (!dots) {
    const follows = isNearEnd();
    chat.append(make("li", { className: "message business first dots", "aria-hidden": "true" },
      make("div", { className: "bubble" }, make("i"), make("i"), make("i"))));
    if (follows) toEnd();
  }
}

function showPhone() {
  const me = state.mine();
  if (me) panel.showPhone(me, state.now(), act);
}

function tick() {
  panel.showClock(state.now(), state.clock.is_stopped);
  if (state.mine()?.typing_until) showTyping();
  for (const shown of document.querySelectorAll(".day")) {
    const text = dayOf(Number(shown.dataset.at), state.now());
    if (shown.textContent !== text) shown.textContent = text;
  }
}

const isNearEnd = () => at("chat").scrollHeight - at("chat").scrollTop - at("chat").clientHeight < NEAR;
function toEnd() { at("chat").scrollTop = at("chat").scrollHeight; }

// --- lists and forms: a sheet from below

function openSheet(message) {
  at("sheet-title").textContent = message.button;
  at("rows").replaceChildren(...message.sections.flatMap((section) => [
    section.title ? make("h3", {}, section.title) : "",
    ...section.rows.map((row) => make("button", {
      type: "button", className: "option",
      onclick: () => { at("sheet").close(); act({ press: row.id, message: message.id }); },
    }, make("span", { dir: "auto" }, row.title), row.description ? make("small", { dir: "auto" }, row.description) : null)),
  ]));
  showSheet();
}

// Over the phone, also where that is one column of three.
function showSheet() {
  const { left, width } = document.querySelector("main").getBoundingClientRect();
  Object.assign(at("sheet").style, { left: `${left}px`, width: `${width}px` });
  at("sheet").showModal();
}

// What fields a form has is kept at Meta, not sent: she writes them as name=value.
function openForm(message) {
  const field = make("textarea", { id: "form-fields", rows: 6, value: "role=driver\nlocation=Ikeja\nsalary=150000" });
  const form = make("form", { className: "form" }, make("label", { htmlFor: field.id }, "One field a line, name=value"), field, make("button", { className: "press" }, "Send"));
  form.onsubmit = (event) => {
    event.preventDefault();
    const pairs = field.value.split("\n").filter((line) => line.includes("="));
    act({ fill: Object.fromEntries(pairs.map((line) => line.split(/=(.*)/s).slice(0, 2).map((part) => part.trim()))) });
    at("sheet").close();
  };
  at("sheet-title").textContent = message.form;
  at("rows").replaceChildren(form);
  showSheet();
}

// --- what is done

const ATTACHMENTS = { sticker: "Sticker", location: "Location", audio: "Voice message", image: "Photo", document: "CV (PDF)", unsupported: "Something unsupported" };

function wire() {
  at("attachments").replaceChildren(...Object.entries(ATTACHMENTS).map(([kind, text]) => make("button", {
    type: "button", onclick: () => { at("attach").open = false; act({ send: kind }); },
  }, text)));
  at("composer").onsubmit = (event) => {
    event.preventDefault();
    const text = at("text").value.trim();
    if (!text) return;
    at("text").value = "";
    act({ write: text }).then((told) => { if (!told) at("text").value ||= text; });
    at("text").focus();
  };
  at("text").onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at("composer").requestSubmit();
  };
  document.addEventListener("click", (event) => {
    if (!at("attach").contains(event.target)) at("attach").open = false;
    if (event.target === at("sheet")) at("sheet").close();
  });
  at("chat").onscroll = () => { at("to-end").hidden = isNearEnd(); };
  at("to-end").onclick = toEnd;
  at("close-sheet").onclick = () => at("sheet").close();
  at("new-person").onsubmit = async (event) => {
    event.preventDefault();
    const { name, hides_phone } = event.target.elements;
    const person = await ask("person", { name: name.value, hides_phone: hides_phone.checked });
    event.target.reset();
    if (person) be(person.number);
  };
  panel.makeClock(ask);
  panel.makeChaos(ask);
  panel.makeFault(ask, () => state.me);
  wirePanel();
}

// Narrow: people and controls are one page over the chat.
function wirePanel() {
  const wide = matchMedia("(min-width: 1000px)");
  const people = document.querySelector(".people");
  const place = () => (wide.matches ? document.body.prepend(people) : at("people-here").append(people));
  wide.onchange = () => { closePanel(); place(); };
  place();
  at("open-panel").onclick = () => {
    at("panel").classList.add("open");
    at("open-panel").setAttribute("aria-expanded", "true");
    document.querySelector("main").inert = true;
    at("close-panel").focus();
  };
  at("close-panel").onclick = () => { closePanel(); at("open-panel").focus(); };
  at("panel").onkeydown = (event) => { if (event.key === "Escape") at("close-panel").click(); };
}

function closePanel() {
  at("panel").classList.remove("open");
  at("open-panel").setAttribute("aria-expanded", "false");
  document.querySelector("main").inert = false;
}

wire();
listen();
setInterval(tick, 1000);
setInterval(showPhone, 30000);
