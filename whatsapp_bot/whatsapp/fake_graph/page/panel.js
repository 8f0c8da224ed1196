// People to be, the clock, and what goes wrong.

import { dateOf, formatted, make, renew } from "./bubbles.js";

const SHARES = {
  duplicate: "Webhooks twice",
  reorder: "Webhooks in any order",
  drop_200: "Our 200 gets lost",
  skip_delivered: "No “delivered” before “read”",
  html_502: "Sends: HTML 502",
  accepted_502: "Sends: accepted, HTML 502",
  timeout: "Sends: accepted, no answer",
  lost: "Sends: lost, no answer",
};
const STEPS = {
  batch: ["Updates in a POST", { 1: "one", 10: "10", 100: "100", 1000: "1,000" }],
  delay: ["Webhooks late, up to", { 0: "not", 5: "5 s", 60: "1 min", 3600: "1 h", 86400: "1 day" }],
  status_delay: ["Statuses late", { 0: "not", 10: "10 s", 3600: "1 h", 86400: "1 day" }],
};
const TURNS = { "+10 min": 600, "+1 h": 3600, "+1 day": 86400, "+30 days": 2592000 };
const FAULTS = [
  [131056, "pair rate"], [130429, "throughput"], [131047, "window closed"], [131026, "undeliverable"],
  [131049, "marketing cap"], [131050, "marketing stopped"], [131048, "spam restriction"], [131042, "payment"],
  [130472, "experiment"], [131000, "something went wrong"], [131016, "unavailable"], [190, "token expired"],
  [132015, "template paused"], [80007, "account rate"], [131009, "bad value"],
  ["html_502", "HTML 502"], ["accepted_502", "accepted, but HTML 502"], ["timeout", "accepted, but no answer"], ["lost", "lost, no answer"],
];
const PHONES = { open: "At the chat", on: "On", off: "Off" };

const at = (id) => document.getElementById(id);

function button(text, work, pressed = null) {
  const made = make("button", { type: "button", onclick: work }, text);
  if (pressed !== null) made.setAttribute("aria-pressed", pressed);
  return made;
}

const plain = (text) => make("span", {}, ...formatted(text)).textContent;

export function showPeople(state, be) {
  renew(at("people"), ...state.people.map((person) => {
    const unread = state.unread(person.number);
    const what = person.hides_phone ? "no phone number" : `+${person.phone}`;
    const choose = make("button", { type: "button", onclick: () => be(person.number) },
      make("span", { className: "avatar", "aria-hidden": "true" }, person.name.slice(0, 1).toUpperCase()),
      make("span", { className: "text" }, make("b", { dir: "auto" }, person.name), make("span", {}, plain(state.last(person.number) || what))),
      unread ? make("span", { className: "badge", "aria-label": `${unread} unread` }, String(unread)) : null);
    choose.setAttribute("aria-current", person.number === state.me);
    return make("li", {}, choose);
  }));
}

export function showPhone(person, now, act) {
  at("her").textContent = `${person.name}’s phone`;
  const left = person.last_wrote_at === null ? 0 : person.last_wrote_at + 86400 - now;
  const hours = Math.floor(left / 3600);
  const window_ = left > 0
    ? `24-hour window open for ${hours ? `${hours} h ` : ""}${Math.floor((left % 3600) / 60)} min`
    : "24-hour window closed: only templates reach her";
  renew(at("phone-controls"),
    make("div", { className: "row", role: "group", "aria-label": "Her phone is" },
      ...Object.entries(PHONES).map(([state, text]) => button(text, () => act({ phone: state }), person.phone_is === state))),
    check("takes marketing messages", person.takes_marketing, (is) => act({ marketing: is ? "resume" : "stop" })),
    check("has blocked the business", person.has_blocked, (is) => act({ block: is })),
    make("p", { className: "facts" }, `${person.hides_phone ? "no number shown" : `+${person.phone}`} · ${person.bsuid}`),
    make("p", { className: "facts" }, window_),
    make("div", { className: "row facts" }, button("Move to a new number", () => act({ number: newNumber() }))),
  );
}

const newNumber = () => `2340001${String(Math.floor(Math.random() * 1e6)).padStart(6, "0")}`;

function check(text, is, work) {
  const box = make("input", { type: "checkbox", checked: is, onchange: () => work(box.checked) });
  return make("label", { className: "check" }, box, text);
}

export function showClock(now, isStopped) {
  at("clock").textContent = `${dateOf(now).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}${isStopped ? ", stopped" : ""}`;
}

export function makeClock(ask) {
  at("clock-controls").replaceChildren(
    ...Object.entries(TURNS).map(([text, seconds]) => button(text, () => ask("clock", { turn: seconds }))));
}

export function showChaos(chaos, ask) {
  const change = (name, value) => ask("chaos", { [name]: Number(value) });
  renew(at("chaos-controls"),
    ...Object.entries(SHARES).map(([name, text]) => share(name, text, chaos[name], change)),
    ...Object.entries(STEPS).map(([name, [text, steps]]) => step(name, text, steps, chaos[name], change)),
  );
}

export function makeChaos(ask) {
  at("chaos-buttons").replaceChildren(
    button("All well again", () => ask("chaos", { calm: true })),
    button("Hold webhooks", (event) => hold(event.currentTarget, ask), false));
}

function share(name, text, value, change) {
  const shown = make("output", {}, `${Math.round(value * 100)} %`);
  const input = make("input", { type: "range", min: 0, max: 1, step: 0.1, value, id: `chaos-${name}` });
  input.oninput = () => { shown.textContent = `${Math.round(input.value * 100)} %`; };
  input.onchange = () => change(name, input.value);
  return make("div", { className: "setting" }, make("label", { htmlFor: input.id }, text), input, shown);
}

function step(name, text, steps, value, change) {
  const options = Object.entries(steps).map(([number, words]) => make("option", { value: number, selected: Number(number) === value }, words));
  const select = make("select", { id: `chaos-${name}`, onchange: () => change(name, select.value) }, ...options);
  return make("div", { className: "setting" }, make("label", { htmlFor: select.id }, text), select);
}

function hold(pressed, ask) {
  const isHeld = pressed.getAttribute("aria-pressed") !== "true";
  pressed.setAttribute("aria-pressed", isHeld);
  pressed.textContent = isHeld ? "Let them go" : "Hold webhooks";
  ask("hold", { hold: isHeld });
}

export function makeFault(ask, me) {
  const options = FAULTS.map(([what, text]) => make("option", { value: what }, what > 0 ? `${what} ${text}` : text));
  const select = make("select", { "aria-label": "What it meets" }, ...options);
  const late = make("input", { type: "checkbox" });
  at("fault").replaceChildren(select, make("label", { className: "check" }, late, "told later"), make("button", {}, "Set"));
  at("fault").onsubmit = (event) => {
    event.preventDefault();
    ask("fault", { what: FAULTS[select.selectedIndex][0], person: me(), is_late: late.checked });
  };
}

export function showLog(line) {
  const log = at("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const time = dateOf(line.at).toLocaleTimeString("en-GB");
  log.append(make("li", { className: line.is_bad ? "bad" : "" }, `${time} ${line.line}`));
  while (log.children.length > 200) log.firstChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}
