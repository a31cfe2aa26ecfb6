// The page: what the server says (one stream of changes), and whether it is still there.
import { $, ask, attempt } from "./base.js";
import { Desk } from "./desk.js";
import { List } from "./list.js";

const STATUS = {
  等待: ["○", "", () => "等待填报表：请在表格软件里打开县区填报表。"],
  已连接: ["●", "good", (head) => `${head.application} · ${head.file}`],
  忙: ["◐", "busy", (head) => `${head.application} 正忙（正在输入，或开着对话框），下面是稍早的结果 · ${head.file}`],
  已关闭: ["○", "", () => "填报表已关闭。重新打开它，这里会自动接着显示。"],
};
const SILENCE = 15000; // three beats of the server

const about = await ask("about");
let head = null;
let jobs = 0;
let stream;
let silence;

function say(symbol, kind, words) {
  $("light").textContent = symbol;
  $("light").className = kind;
  $("said").textContent = words;
}

function showHead() {
  document.body.classList.remove("gone");
  if (head) {
    const [symbol, kind, words] = STATUS[head.status];
    say(symbol, kind, words(head));
  } else {
    say("●", "good", `办公台 · ${about.inbox}`);
  }
  document.body.classList.toggle("stale", Boolean(head) && head.status !== "已连接");
}

function showGone(words) {
  say("✗", "bad", words);
  document.body.classList.add("stale", "gone");
}

const list = new List(about, (finding) => {
  if (!about.live || !finding.sheet) return;
  const cell = finding.cell ?? `A${finding.row ?? 1}`;
  attempt(() => ask("select", { sheet: finding.sheet, cell }));
});
const desk = new Desk(about, list);
const act = (id, work) => $(id).addEventListener("click", () => list.current && work(list.current));
act("act-rule", (one) => desk.city.showRule(one.rule));
act("act-open", (one) => desk.openFinding(one));
act("act-waive", (one) => desk.city.decide({ kind: "豁免", rule: one.rule, key: one.key ?? (one.sheet ? "" : one.file ?? ""), county: one.key || !one.sheet ? "" : desk.codeOf(one) }));
act("act-exclude", (one) => desk.city.decide({ kind: "剔除", county: desk.codeOf(one) }));

const LOST = "清单助手没有回应，正在重新连接…如果一直连不上，它已经结束，请重新启动。";

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    showGone(LOST);
    connect();
  }, SILENCE);
}

function connect() {
  heard();
  stream?.close();
  stream = new EventSource("events");
  let first = true;
  stream.onmessage = (event) => {
    heard();
    const change = JSON.parse(event.data);
    if (first) list.clear(); // what follows is everything
    if (change.head) head = change.head;
    if (change.head || first) showHead();
    if (change.jobs) jobs = change.jobs.length;
    if ((change.head || change.jobs) && about.inbox === null) $("desk").hidden = !jobs && !["已连接", "忙"].includes(head?.status);
    if (change.head || change.come || first) list.update(change.gone ?? [], change.come ?? [], head);
    if (change.jobs) desk.showJobs(change.jobs);
    first = false;
    if (change.closed) {
      clearTimeout(silence);
      stream.close();
      showGone("清单助手已经结束，这里不再更新。要继续使用，请重新启动它；这个窗口可以关闭。");
      if (about.inside) window.close(); // it belongs to the workbook
    }
  };
  stream.onerror = () => {
    first = true; // the browser connects again by itself
    showGone(LOST);
  };
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    $("search").focus();
    $("search").select();
  }
});

connect();
