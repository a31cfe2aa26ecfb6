// The list of findings: order, filters, keyboard. Only a part of a long list stands in the page.
import { $, button, element, options } from "./base.js";

const MANY = 5; // so many findings that say the same of a column are folded into one
const STEP = 150; // findings that stand in the page at first, and that come each time more are asked for; never over twice as many

const columnOf = (cell) => [...(cell ?? "").replace(/[0-9]/g, "")].reduce((sum, one) => sum * 26 + one.charCodeAt(0) - 64, 0);
const rowOf = (finding) => finding.row ?? Number((finding.cell ?? "").replace(/[A-Z]/g, ""));
const wholeOf = (finding) => (finding.sheet ? "整张表" : finding.file ? "整个文件" : "全市");
const compareTexts = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Makes these the children of an element; those that stand right already are left alone, which saves their layout. */
function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const node of [...parent.children]) if (!kept.has(node)) node.remove();
  let at = parent.firstChild;
  for (const node of wanted) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

export class List {
  /** `select(finding)` is called for the finding that was clicked or entered. */
  constructor(about, select) {
    this.about = about;
    this.select = select;
    this.severities = new Map(about.severities.map((one, rank) => [one.id, { ...one, rank }]));
    this.live = new Map(); // of the spreadsheet, by number
    this.other = null; // of a job, in place of the live ones
    this.said = ""; // what these are called
    this.unfolded = new Set(); // equal findings that are shown one by one, by what they have in common
    this.head = null;
    this.sorted = null; // all of them in order; null where that has to be found anew
    this.visible = []; // those that fit the filters
    this.only = new Set(); // severities; empty: all
    this.folded = new Map(); // how many say the same, by number of the first
    this.nodes = new Map(); // elements by number
    this.groups = new Map(); // and by heading
    this.active = null; // number of the finding that the keyboard stands on
    this.from = 0; // the part that stands in the page
    this.upto = STEP;
    this.placed = "";
    this.names = new Map(); // of counties, by file
    this.makeTools();
    $("list").addEventListener("keydown", (event) => this.key(event));
    $("list").addEventListener("click", (event) => {
      const node = event.target.closest(".finding");
      if (!node) return;
      if (event.target.closest(".fold")) {
        this.unfold(this.all.get(Number(node.dataset.n)));
        return;
      }
      this.go(Number(node.dataset.n));
      this.select(this.all.get(this.active));
    });
    $("narrow-more").hidden = about.inbox === null;
  }

  /** Whose a file is, as far as the last consolidation knows. */
  knows(names) {
    this.names = names;
    this.render();
  }

  countyOf(one) {
    return one.file ? this.names.get(one.file) ?? one.file : "全市";
  }

  /** The finding that the keyboard stands on, or undefined. */
  get current() {
    return this.active === null ? undefined : this.all.get(this.active);
  }

  get all() {
    return this.other ?? this.live;
  }

  makeTools() {
    for (const one of this.severities.values()) {
      const made = button(one.id, "", () => {
        const pressed = !this.only.delete(one.id);
        if (pressed) this.only.add(one.id);
        made.setAttribute("aria-pressed", pressed);
        this.narrowed();
      });
      made.dataset.severity = one.id;
      made.setAttribute("aria-pressed", false);
      made.append(element("span", "", `${one.symbol} ${one.name}`), element("b", "", "0"));
      $("severities").append(made);
    }
    for (const id of ["sheet", "county", "rule"]) $(id).addEventListener("change", () => this.narrowed());
    $("search").addEventListener("input", () => this.narrowed());
    $("search").addEventListener("keydown", (event) => {
      if (!["Escape", "ArrowDown", "Enter"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "Escape" && $("search").value) {
        $("search").value = "";
        this.narrowed();
      } else {
        $("list").focus();
      }
    });
  }

  /** Another filter: from the top again. */
  narrowed() {
    [this.from, this.upto] = [0, STEP];
    $("list").scrollTop = 0;
    this.render();
  }

  /** Forgets what the spreadsheet had: everything comes anew. */
  clear() {
    this.live.clear();
    if (!this.other) this.sorted = null;
  }

  /** What changed in the spreadsheet: numbers that are gone, findings that came, and where the officer stands. */
  update(gone, come, head) {
    this.head = head;
    for (const number of gone) {
      this.live.delete(number);
      this.nodes.delete(number);
    }
    for (const one of come) this.live.set(one.n, one);
    if ((gone.length || come.length) && !this.other) {
      this.sorted = this.order([...(this.sorted ?? []).filter((one) => this.live.has(one.n)), ...come]);
    }
    this.render();
  }

  /** Shows these findings of a job, called so, in place of the spreadsheet's, or those again with null. */
  instead(findings, said = "") {
    this.said = said;
    for (const id of ["search", "sheet", "county", "rule"]) $(id).value = "";
    this.other = findings && new Map(findings.map((one, at) => [-1 - at, { ...one, n: -1 - at }]));
    this.sorted = this.active = null;
    this.nodes.clear();
    this.groups.clear();
    this.placed = "";
    this.narrowed();
  }

  /** Findings by file, sheet, severity, row, column and rule; quick where most are in order. */
  order(findings) {
    for (const one of findings) {
      one.order ??= [this.about.sheets.indexOf(one.sheet), this.severities.get(one.severity).rank, rowOf(one), columnOf(one.cell)];
      one.text ??= [one.message, one.header, one.key, one.cell, one.rule, one.sheet, one.file].join("\n").toLowerCase();
    }
    const worst = this.other ? (a, b) => a.order[1] - b.order[1] : () => 0; // the errors first, of whatever file
    return findings.sort((a, b) =>
      worst(a, b) || compareTexts(a.file ?? "", b.file ?? "") || a.order[0] - b.order[0] || compareTexts(a.sheet ?? "", b.sheet ?? "")
      || a.order[1] - b.order[1] || a.order[2] - b.order[2] || a.order[3] - b.order[3] || compareTexts(a.rule, b.rule));
  }

  /** Whether it is of the row where the officer stands, or of that which was edited last: Enter has led to the next. */
  isHere(one) {
    const { sheet, row, edited } = this.head ?? {};
    if (this.other || !row || one.sheet !== sheet) return false;
    return one.row === row || (edited?.[0] === sheet && one.row === edited[1] && Math.abs(row - one.row) === 1);
  }

  /** Of findings that say the same of a column, and are many, only the first, until they are unfolded. */
  fold(findings) {
    const alike = new Map();
    for (const one of findings) {
      one.alike ??= [one.file, one.sheet, one.rule, one.severity, one.header, one.message].join("\n");
      if (alike.has(one.alike)) alike.get(one.alike).push(one);
      else alike.set(one.alike, [one]);
    }
    this.folded.clear();
    return [...alike.values()].flatMap((same) => {
      if (same.length < MANY) return same;
      this.folded.set(same[0].n, same.length);
      return this.unfolded.has(same[0].alike) ? same : same.slice(0, 1);
    });
  }

  unfold(one, open = !this.unfolded.has(one.alike)) {
    if (open) this.unfolded.add(one.alike);
    else this.unfolded.delete(one.alike);
    this.active = one.n;
    this.render();
    this.go(one.n);
    $("list").focus({ preventScroll: true });
  }

  render() {
    this.sorted ??= this.order([...this.all.values()]);
    const words = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = $("sheet").value;
    const [county, rule] = [$("county").value, $("rule").value];
    const counties = new Map();
    const rules = new Map();
    const counts = new Map([...this.severities.keys()].map((id) => [id, 0]));
    const sheets = new Map();
    const here = [];
    const others = [];
    for (const one of this.sorted) {
      const sheet = `=${one.sheet ?? ""}`;
      counts.set(one.severity, counts.get(one.severity) + 1);
      sheets.set(sheet, (sheets.get(sheet) ?? 0) + 1);
      const whose = this.countyOf(one);
      counties.set(whose, (counties.get(whose) ?? 0) + 1);
      rules.set(one.rule, (rules.get(one.rule) ?? 0) + 1);
      if ((county && whose !== county) || (rule && one.rule !== rule)) continue;
      if (this.only.size && !this.only.has(one.severity)) continue;
      if (chosen && sheet !== chosen) continue;
      if (!words.every((word) => one.text.includes(word))) continue;
      (this.isHere(one) ? here : others).push(one);
    }
    const fit = here.length + others.length;
    this.visible = [...here, ...this.fold(others)];
    if (!this.all.has(this.active)) this.active = null;
    for (const made of $("severities").children) made.lastChild.textContent = counts.get(made.dataset.severity);
    this.offer("sheet", sheets, chosen, (value) => value.slice(1) || "整个文件");
    this.offer("county", counties, county, (value) => value);
    this.offer("rule", rules, rule, (value) => value);
    this.sayHowMany(here.length, fit);
    this.place(here.length);
    this.mark();
  }

  /** Lets the person choose among these, each with how many there are. */
  offer(id, counts, chosen, name) {
    if (chosen && !counts.has(chosen)) counts.set(chosen, 0);
    const all = { sheet: "全部", county: "全部区县", rule: "全部规则" }[id];
    const found = id === "sheet" ? [...counts] : [...counts].sort((a, b) => compareTexts(a[0], b[0]));
    const wanted = [["", `${all}（${this.sorted.length}）`], ...found.map(([value, number]) => [value, `${name(value)}（${number}）`])];
    const now = [...$(id).options].map((one) => [one.value, one.text]);
    if (String(now) === String(wanted)) return;
    options($(id), wanted);
    $(id).value = chosen;
  }

  sayHowMany(here, fit) {
    const all = this.sorted.length;
    const narrowed = fit === all ? "" : `，符合筛选的 ${fit} 条`;
    const said = `${this.said && `${this.said}：`}共 ${all} 条${narrowed}${here ? `，当前行 ${here} 条` : ""}`;
    if ($("shown").textContent !== said) $("shown").textContent = said;
    $("list").hidden = !this.visible.length;
    $("none").hidden = this.visible.length > 0;
    $("none").textContent = all ? "没有符合的问题。请换一个词，或去掉筛选。" : this.nothing();
  }

  nothing() {
    if (this.other || ["已连接", "忙"].includes(this.head?.status)) return "✓ 没有发现问题。";
    return this.about.live ? "打开填报表后，这里列出其中的问题。" : "还没有结果。请选文件，再按一个操作按钮。";
  }

  /** Puts the first findings into the page; elements that stand there already are kept. */
  place(here) {
    if (this.from >= this.visible.length) [this.from, this.upto] = [0, STEP];
    const shown = this.visible.slice(this.from, this.upto);
    const titles = shown.map((one, at) => (this.from + at < here ? `当前行（第 ${one.row} 行）` : [this.other && this.severities.get(one.severity).name, this.other && one.file, one.sheet ?? wholeOf(one)].filter(Boolean).join(" · ")));
    const placed = `${this.from} ${this.visible.length}\n${shown.map((one, at) => `${one.n}${titles[at]}${this.folded.get(one.n) ?? ""}${this.unfolded.has(one.alike)}`)}`;
    if (placed === this.placed) return;
    this.placed = placed;
    const groups = new Map();
    shown.forEach((one, at) => {
      if (!groups.has(titles[at])) groups.set(titles[at], [this.group(titles[at]).firstChild]);
      const node = this.node(one);
      this.sayFolded(node, one);
      node.setAttribute("aria-posinset", this.from + at + 1);
      node.setAttribute("aria-setsize", this.visible.length);
      groups.get(titles[at]).push(node);
    });
    const parts = [...groups].map(([title, inside]) => {
      const group = this.group(title);
      arrange(group, inside);
      return group;
    });
    const left = this.visible.length - this.from - shown.length;
    if (this.from) parts.unshift(button("further", `前面还有 ${this.from} 条`, () => this.turn(this.from - STEP, this.from + STEP)));
    if (left) parts.push(button("further", `再显示 ${Math.min(STEP, left)} 条（还有 ${left} 条）`, () => this.turn(this.upto - STEP, this.upto + STEP)));
    arrange($("list"), parts);
    for (const title of this.groups.keys()) if (!groups.has(title)) this.groups.delete(title);
  }

  group(title) {
    if (!this.groups.has(title)) {
      const made = element("div");
      made.setAttribute("role", "group");
      made.setAttribute("aria-label", title);
      made.append(element("h3", "", title));
      made.firstChild.setAttribute("role", "presentation");
      this.groups.set(title, made);
    }
    return this.groups.get(title);
  }

  node(one) {
    if (this.nodes.has(one.n)) return this.nodes.get(one.n);
    const { symbol, name } = this.severities.get(one.severity);
    const node = element("div", "finding");
    node.id = `finding${one.n}`;
    node.dataset.n = one.n;
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", false);
    const mark = element("span", `symbol ${one.severity}`, symbol);
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", name);
    const where = element("div", "where");
    where.append(element("b", "", one.cell ?? (one.row ? `第 ${one.row} 行` : wholeOf(one))));
    for (const text of [one.header, one.key, one.waiver && `已豁免（决定 ${one.waiver}）`]) if (text) where.append(` · ${text}`);
    const more = element("div", "more", [`规则 ${one.rule}`, one.basis && `依据 ${one.basis}`].filter(Boolean).join(" · "));
    for (const other of one.related ?? []) {
      more.append(element("div", "", `相关：${[other.file, other.sheet, other.cell, other.key].filter(Boolean).join(" · ")}`));
    }
    const body = element("div");
    body.append(where, element("div", "message", one.message), more);
    node.append(mark, body);
    this.nodes.set(one.n, node);
    return node;
  }

  /** Says on the first of many equal findings how many they are, and whether the others are shown. */
  sayFolded(node, one) {
    const number = this.folded.get(one.n);
    const open = this.unfolded.has(one.alike);
    let made = node.querySelector(".fold");
    if (!number) {
      made?.remove();
      node.removeAttribute("aria-expanded");
      return;
    }
    if (!made) {
      made = button("fold plain", "", null);
      made.tabIndex = -1; // the arrows of the list do it
      node.lastChild.append(made);
    }
    made.textContent = open ? `▾ 收起相同的 ${number} 处` : `▸ 相同的共 ${number} 处，全部列出`;
    node.setAttribute("aria-expanded", open);
  }

  /** Another part of the list; what was in sight stays where it was. */
  turn(from, upto) {
    const kept = this.visible[Math.max(from, this.from)];
    const before = this.nodes.get(kept.n).getBoundingClientRect().top;
    [this.from, this.upto] = [Math.max(0, from), upto];
    this.render();
    $("list").scrollTop += this.nodes.get(kept.n).getBoundingClientRect().top - before;
    $("list").focus({ preventScroll: true });
  }

  go(number) {
    this.active = number;
    this.mark();
    this.nodes.get(number).scrollIntoView({ block: "nearest" });
  }

  /** Shows on which finding the keyboard stands. */
  mark() {
    const node = this.active === null ? undefined : this.nodes.get(this.active);
    $("acts").hidden = this.about.inbox === null || !this.current;
    for (const other of $("list").querySelectorAll('[aria-selected="true"]')) {
      if (other !== node) other.setAttribute("aria-selected", false);
    }
    node?.setAttribute("aria-selected", true);
    if (node?.isConnected) $("list").setAttribute("aria-activedescendant", node.id);
    else $("list").removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.target !== $("list") || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.visible.findIndex((one) => one.n === this.active);
    const last = this.visible.length - 1;
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last,
    }[event.key];
    if (to !== undefined && last >= 0) {
      event.preventDefault();
      const next = Math.max(0, Math.min(to, last));
      if (next < this.from || next >= this.upto) {
        this.from = Math.max(0, next - STEP);
        this.upto = this.from + 2 * STEP;
        this.render();
      }
      this.go(this.visible[next].n);
    } else if (["ArrowRight", "ArrowLeft"].includes(event.key) && this.folded.has(this.active)) {
      event.preventDefault();
      this.unfold(this.visible[at], event.key === "ArrowRight");
    } else if (["Enter", " "].includes(event.key) && at >= 0) {
      event.preventDefault();
      this.select(this.visible[at]);
    }
  }
}
