// What every part of the page uses.
// Every text from a workbook goes through textContent; nothing makes HTML of a text.

export const $ = (id) => document.getElementById(id);

/** A new element with a class and a text. */
export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

/** A new button that does this. */
export function button(className, text, pressed) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

const focusable = "button, input, select, textarea, summary";
const called = (one) => one.getAttribute("aria-label") ?? one.textContent;

/** Puts these in place of what is in an element; the keyboard stays on what is called the same, or else on the first. */
export function fill(parent, ...children) {
  const before = [...parent.querySelectorAll(focusable)];
  const held = before.find((one) => one === document.activeElement);
  parent.replaceChildren(...children);
  if (!held || held.isConnected) return;
  const alike = (all) => all.filter((one) => called(one) === called(held));
  const now = [...parent.querySelectorAll(focusable)];
  const same = alike(now);
  (same[Math.min(alike(before).indexOf(held), same.length - 1)] ?? now[0])?.focus({ preventScroll: true });
}

const two = (number) => String(number).padStart(2, "0");

/** A moment, in seconds since 1970, as this computer's clock has it. */
export function day(seconds) {
  const at = new Date(seconds * 1000);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The time of day of a moment in seconds since 1970. */
export const clockTime = (seconds) => day(seconds).slice(-5);

/** Makes these, each a value and a text, the choices of a select. */
export function options(select, wanted) {
  select.replaceChildren(...wanted.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  }));
}

async function answered(path, init) {
  let answer;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Error("清单助手没有回应。请看页面顶部的说明。");
  }
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.message), { content });
  return content;
}

/** Asks the server; returns its answer, or throws an Error with its Chinese line and its content. */
export function ask(path, body) {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return answered(path, body === undefined ? {} : post);
}

/** Sends a file to the server. */
export function send(path, file) {
  return answered(path, { method: "POST", body: file });
}

/** Does something that may fail: what could not be done is said at the top of the page, until the person does more. */
export async function attempt(work, byItself = false) {
  let said = "";
  try {
    await work();
  } catch (error) {
    const known = !(error instanceof TypeError || error instanceof ReferenceError);
    if (!known) console.error(error);
    said = known ? error.message : "页面出了错。请刷新页面后重试。";
  }
  if (byItself && !said) return;
  $("problem").textContent = said;
  $("problem").hidden = !said;
}
