// A message -> what a phone shows of it. Texts become text nodes, never markup.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// Rewrites what is in the element; the focus stays at the same place in it.
export function renew(element, ...children) {
  const places = () => [...element.querySelectorAll("a, button, input, select")];
  const place = places().indexOf(document.activeElement);
  element.replaceChildren(...children);
  places()[place]?.focus({ preventScroll: true });
}

export const dateOf = (seconds) => new Date(seconds * 1000);
export const timeOf = (seconds) =>
  dateOf(seconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

export function dayOf(seconds, now) {
  const day = dateOf(seconds).toDateString();
  if (day === dateOf(now).toDateString()) return "Today";
  if (day === dateOf(now - 86400).toDateString()) return "Yesterday";
  return dateOf(seconds).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

// *bold*, _italic_, ~struck~, ```code``` and links, as WhatsApp shows them.
const MARKS = /```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])|(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/gu;
const TAGS = { "*": "strong", _: "em", "~": "s" };

export function formatted(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(MARKS)) {
    parts.push(text.slice(from, found.index));
    const [all, code, mark, inner, url] = found;
    if (url) parts.push(link(url, url));
    else if (code) parts.push(make("code", {}, code));
    else parts.push(make(TAGS[mark], {}, ...formatted(inner)));
    from = found.index + all.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function link(url, text, className = "") {
  const isSafe = /^https?:\/\//i.test(url);
  return make("a", { href: isSafe ? url : "about:blank", textContent: text, target: "_blank", rel: "noopener noreferrer", className });
}

function meta(message) {
  const line = make("span", { className: "meta" }, make("time", { dateTime: dateOf(message.at).toISOString() }, timeOf(message.at)));
  if (message.by === "person") {
    line.append(icon(message.status === "sent" ? "sent" : "delivered"), make("span", { className: "hidden" }, message.status));
    if (message.status === "read") line.classList.add("read");
  }
  return line;
}

const OTHERS = {
  sticker: "Sticker", location: "Location: Ikeja", audio: "Voice message", image: "Photo", video: "Video",
  document: "My CV.pdf", reaction: "Reaction", unsupported: "Poll",
};

export function bubble(message, replyTo) {
  const isOther = message.by === "person" && message.kind in OTHERS;
  const isSpaced = Boolean(message.footer);
  const words = make("div", { className: `words${isOther ? " other" : ""}${isSpaced ? " spaced" : ""}`, dir: "auto" });
  words.append(...(isOther ? [OTHERS[message.kind]] : formatted(message.body)));
  return make(
    "div", { className: "bubble" },
    replyTo ? make("div", { className: "quote", dir: "auto" }, ...formatted(replyTo.body)) : null,
    message.header ? make("div", { className: "head", dir: "auto" }, message.header) : null,
    words,
    message.footer ? make("div", { className: "foot spaced" }, message.footer) : null,
    meta(message),
  );
}

// What can be pressed below a bubble. press(choice id), open() for a list, fill() a form.
export function pressables(message, { press, open, fill }) {
  const buttons = (message.buttons || []).map((button) =>
    button.url
      ? linkButton(button)
      : pressable("reply", button.title, () => press(button.id)));
  if (message.kind === "list") buttons.push(pressable("list", message.button, open));
  if (message.form) buttons.push(pressable("list", message.form, fill));
  return buttons;
}

function pressable(name, title, work) {
  return make("button", { type: "button", className: "press", onclick: work }, icon(name), make("span", { dir: "auto" }, title));
}

function linkButton({ title, url }) {
  const button = link(url, "", "press");
  button.append(icon("link"), make("span", { dir: "auto" }, title));
  return button;
}
