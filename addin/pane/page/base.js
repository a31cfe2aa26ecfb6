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

/** Asks the server; returns its answer, or throws an Error with its Chinese line and its content. */
export async function ask(path, body) {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, body === undefined ? {} : post);
  } catch {
    throw new Error("清单助手没有回应。请看页面顶部的说明。");
  }
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.message), { content });
  return content;
}

/** Does something that may fail: what could not be done is said at the top of the page. */
export async function attempt(work) {
  let said = "";
  try {
    await work();
  } catch (error) {
    said = error.message;
  }
  $("problem").textContent = said;
  $("problem").hidden = !said;
}
