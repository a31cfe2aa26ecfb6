// The city: what to do next, the counties, conflicts, decisions, versions.
import { $, ask, attempt, button, day, element, fill, options } from "./base.js";

const KINDS = {
  豁免: ["rule", "key", "county", "reason", "approver", "document", "until"],
  剔除: ["county", "reason"],
  冲突裁定: ["rule", "key", "value", "reason"],
  等级变更: ["key", "value", "reason", "approver", "document"],
  全社会排放: ["key", "value", "reason"],
  撤销: ["replaces", "reason"],
};
const ABOUT = {
  豁免: "对象写清单编号或生产线编码；管整个区县的，对象空着、选区县。到有效期那一天为止。",
  剔除: "只对现在看到的这一份文件；区县交了新的，就按新的汇总。",
  冲突裁定: "选定的一方算数，另一方在汇总里不计。",
  等级变更: "对象写清单编号。",
  全社会排放: "对象写污染物，取值为吨/天，理由写出处。",
  撤销: "收回一项决定；记录仍然留着。",
};
const STATES = { 已报: "✓", 迟报: "！", 未报: "✗", 退回: "↩", 无法读取: "■", 已剔除: "－" };

export class City {
  constructor(desk) {
    this.desk = desk;
    this.seen = null; // as the server last said
    this.last = {}; // what was typed last, offered again
    this.loading = null;
    $("late-copy").addEventListener("click", () => this.copy());
    $("decide-new").addEventListener("click", () => this.decide({ kind: "豁免" }));
    $("decide-no").addEventListener("click", () => $("decide").close());
    $("decide").addEventListener("submit", (event) => {
      event.preventDefault();
      this.record();
    });
    $("rule-close").addEventListener("click", () => $("rule-page").close());
    for (const id of ["counties", "conflicts", "decisions", "versions", "more"]) $(id).addEventListener("toggle", () => $(id).open && ($(id).dataset.used = "yes"));
  }

  /** Asks anew; of several wishes at once the last one is heard. */
  load() {
    const own = attempt(async () => {
      const seen = await ask("city");
      if (this.loading !== own) return;
      const first = this.seen === null;
      this.seen = seen;
      this.show();
      if (first && seen.version !== null && this.desk.source === "0" && !this.desk.about.live) await this.desk.show(`v${seen.version}`);
    }, true);
    this.loading = own;
    return own;
  }

  show() {
    const there = this.seen.version !== null;
    for (const id of ["counties", "decisions", "versions"]) $(id).hidden = !there;
    this.showStep();
    this.desk.offerSources();
    this.desk.list.knows(new Map((this.seen.board ?? []).filter((one) => one.file).map((one) => [one.file, one.name])));
    if (!there) return;
    this.showBoard();
    this.showConflicts();
    this.showDecisions();
    this.showVersions();
  }

  /** What to do next, by what is known. */
  showStep() {
    if (!this.seen) return;
    const running = this.desk.jobs?.some((one) => one.state === "运行中");
    const works = this.desk.works;
    const press = (id, label) => button("main", label ?? works.get(id).label, () => this.desk.press(works.get(id)));
    const open = (id, label) => button("", label, () => this.open(id));
    const undecided = (this.seen.conflicts ?? []).filter((one) => one.decided === null).length;
    const jobs = this.desk.jobs ?? [];
    const since = Date.parse(this.seen.at) / 1000;
    const exported = jobs.findLast((one) => one.work === "export" && one.tone === "good" && one.state === "完成" && one.began > since);
    const audited = jobs.findLast((one) => one.work === "audit" && one.state === "完成" && one.began > (exported?.began ?? Infinity));
    let said;
    if (this.seen.version === null) {
      said = ["第一步：汇总", "把各区县报来的填报表拖到本页上，或放进收件文件夹，再按“汇总”。", [press("consolidate")]];
    } else if (this.seen.stale.length) {
      said = ["请重新汇总", this.seen.stale.join(""), [press("consolidate", "重新汇总")]];
    } else if (this.seen.remarks.length) {
      said = [`有 ${this.seen.remarks.length} 条决定没写全，没有采用`, this.seen.remarks.join(""), [open("decisions", "看决定")]];
    } else if (undecided) {
      said = [`有 ${undecided} 处冲突要裁定`, "两行或两份文件只能算一份，请选一方并写明理由。", [open("conflicts", "看冲突")]];
    } else if (this.seen.standing) {
      said = [`还有 ${this.seen.standing} 处错误`, "退回给区县改正；确有必要的，选中那一条按“豁免…”；等不到的区县可以剔除。", [press("return"), button("", "看问题", () => this.desk.look(`v${this.seen.version}`))]];
    } else if (!exported) {
      said = ["可以导出报省清单", "没有未豁免的错误。", [press("export")]];
    } else if (!audited) {
      said = ["报出之前，先审一遍", `“${exported.out}”已导出。`, [press("audit")]];
    } else {
      said = [audited.tone === "good" ? "都做完了，可以报送" : "审计没有通过", "报省清单、核对清单和签名要一起报送。", [press("briefing")]];
    }
    $("step").hidden = running;
    $("step-title").textContent = said[0];
    $("step-why").textContent = said[1];
    fill($("step-go"), ...said[2]);
  }

  open(id) {
    $(id).open = true;
    $(id).scrollIntoView();
    $(id).querySelector("button, summary").focus({ preventScroll: true });
  }

  showBoard() {
    const count = new Map();
    for (const one of this.seen.board) count.set(one.status, (count.get(one.status) ?? 0) + 1);
    $("counties-title").textContent = `县区　${[...count].map(([state, number]) => `${STATES[state]} ${state} ${number}`).join("　")}`;
    if (!$("counties").dataset.used) $("counties").open = true;
    const number = (value, kind = "") => element("td", `number ${kind}`, value === null || value === undefined ? "" : String(value));
    fill($("board"), ...this.seen.board.map((one) => {
      const row = element("tr");
      const state = element("td", `state ${one.status === "已报" ? "good" : one.status === "已剔除" ? "" : "bad"}`, `${STATES[one.status]} ${one.status}`);
      if (one.reason) state.title = one.reason;
      const act = element("td", "act");
      if (one.status !== "已剔除") {
        const made = button("plain", "剔除…", () => this.decide({ kind: "剔除", county: one.code }));
        made.setAttribute("aria-label", `剔除${one.name}`);
        act.append(made);
      }
      const name = element("td", "wide");
      name.append(one.revision === null ? one.name : button("plain", one.name, () => this.desk.only(one.name)));
      row.append(name, state, number(one.revision), number(one.enterprises, "few"), number(one.lines, "few"), number(one.errors, one.errors ? "bad" : ""), number(one.warnings, "few"), number(one.days < 0 ? `过 ${-one.days}` : one.days), act);
      return row;
    }));
    $("late").hidden = !this.seen.late;
    $("late-text").value = this.seen.late;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText($("late-text").value);
      $("late-said").textContent = "已复制。";
    } catch {
      $("late-text").select();
      $("late-said").textContent = "请按 Ctrl+C 复制。";
    }
  }

  showConflicts() {
    const all = this.seen.conflicts;
    const open = all.filter((one) => one.decided === null);
    $("conflicts").hidden = !all.length;
    $("conflicts-title").textContent = `冲突　${open.length ? `✗ ${open.length} 处还没有裁定` : "✓ 都已裁定"}`;
    if (open.length && !$("conflicts").dataset.used) $("conflicts").open = true;
    fill($("conflict-cards"), ...all.map((one) => {
      const card = element("article", "card");
      const pending = this.seen.decisions.find((other) => other.holds && other.kind === "冲突裁定" && other.rule === one.rule && other.key === one.key);
      const value = pending?.value ?? one.value;
      const side = value ? one.sides.findIndex((own) => own.startsWith(value)) : -1;
      const said = side < 0 ? "✗ 没有裁定" : `✓ 以${"甲乙"[side]}为准（第 ${pending?.id ?? one.decided} 号${pending?.pending ? "，下次汇总时照办" : ""}）`;
      const title = element("h3");
      title.append(one.what, element("span", "", one.key.split("|").filter(Boolean).join("，")), element("b", side < 0 ? "bad" : "good", said));
      const table = element("table", "sides");
      const head = element("tr");
      head.append(element("th", "", "不同之处"), element("th", "", `甲　${one.names[0]}`), element("th", "", `乙　${one.names[1]}`));
      table.append(head, ...one.fields.map((cells) => {
        const row = element("tr");
        row.append(...cells.map((cell) => element("td", "", cell)));
        return row;
      }));
      const foot = element("div", "foot");
      one.sides.forEach((own, at) => foot.append(button("", `选${"甲乙"[at]}`, () => this.decide({ kind: "冲突裁定", rule: one.rule, key: one.key, value: own }, `以${"甲乙"[at]}（${one.names[at]}）为准。`))));
      card.append(title, table, foot);
      return card;
    }));
  }

  showDecisions() {
    const all = this.seen.decisions;
    const pending = all.filter((one) => one.pending).length;
    $("decisions-title").textContent = `决定　${all.length} 项${pending ? `，${pending} 项等下次汇总` : ""}`;
    const remarks = this.seen.remarks.map((text) => element("p", "bad", `✗ ${text}`));
    fill($("decision-cards"), ...remarks, ...all.map((one) => {
      const card = element("article", "card");
      const state = one.kind === "撤销" ? "" : !one.holds ? "－ 已被取代或撤销" : one.pending ? "○ 下次汇总时照办" : "✓ 有效";
      const title = element("h3");
      title.append(`第 ${one.id} 号　${one.kind}`, element("span", "", `${day(Date.parse(one.at) / 1000)}　${one.who ?? ""}`), element("b", state.startsWith("✓") ? "good" : "", state));
      const fields = Object.entries(this.seen.fields).filter(([name]) => name !== "kind" && one[name]);
      const said = fields.map(([name, label]) => `${label}：${this.worded(one, name)}`);
      card.append(title, element("p", "", said.join("　")));
      if (one.holds && one.kind !== "撤销") {
        const foot = element("div", "foot");
        foot.append(button("plain", "撤销…", () => this.decide({ kind: "撤销", replaces: String(one.id) }, `撤销第 ${one.id} 号：${one.kind}。`)));
        card.append(foot);
      }
      return card;
    }));
  }

  /** A field of a decision as people call it: a county by its name, a file that was chosen by the beginning of its hash. */
  worded(one, name) {
    const said = String(one[name]);
    if (name !== "county" && (name !== "value" || one.kind !== "冲突裁定")) return said.slice(0, 80);
    return this.seen.counties[said] ?? `${said.slice(0, 16)}${said.length > 16 ? " 这份文件" : ""}`;
  }

  showVersions() {
    const all = this.seen.versions;
    $("versions-title").textContent = `各版　${all.length} 版，最新的是第 ${all.at(-1).version} 版（${day(Date.parse(all.at(-1).at) / 1000)}）`;
    fill($("version-rows"), ...all.map((one, at) => {
      const row = element("tr");
      const act = element("td", "act2");
      act.append(button("plain", "看问题", () => this.desk.look(`v${one.version}`)));
      if (at) act.append(button("plain", "与上一版比较", () => this.compare(all[at - 1].version, one.version)));
      const number = (value) => element("td", "number", String(value));
      const wide = element("td", "wide", day(Date.parse(one.at) / 1000));
      wide.append(element("span", "hint", `${one.year}年${one.round}　${one.workbook}`));
      row.append(number(one.version), wide, number(one.files), number(one.counts.ERROR + one.counts.BLOCKER), act);
      return row;
    }).toReversed());
  }

  compare(before, after) {
    return attempt(async () => {
      const { total, rows } = await ask(`differences?before=${before}&after=${after}`);
      $("differences-title").textContent = `第 ${before} 版到第 ${after} 版：${total ? `${total} 处差别${total > rows.length ? `，列出前 ${rows.length} 处` : ""}` : "没有差别"}。`;
      $("differences-frame").hidden = !rows.length;
      $("differences").replaceChildren(...rows.map((cells) => {
        const row = element("tr");
        const [kind, county, sheet, key, name, cell] = cells;
        const what = element("td", "", `${county}《${sheet}》${key} ${name}`);
        if (!cell) what.colSpan = 2;
        row.append(element("td", "act", kind), what, ...(cell ? [element("td", "", cell)] : []));
        return row;
      }));
      $("differences-title").scrollIntoView({ block: "nearest" });
    });
  }

  /** Asks for what is still to be said of a decision. */
  decide(given, about = "") {
    $("decide-title").textContent = { 豁免: "豁免", 剔除: "剔除区县", 冲突裁定: "裁定冲突", 撤销: "撤销决定" }[given.kind] ?? "记一项决定";
    this.given = given;
    this.askFields(given.kind, { ...this.last, ...given }, about);
    $("decide").showModal();
    const empty = [...$("decide-fields").querySelectorAll("input, textarea")].filter((one) => !one.value && !one.closest("[hidden]"));
    (given.rule || given.county || about ? $("decide-fields").querySelector("textarea") : empty[0] ?? $("decide-yes")).focus();
  }

  askFields(kind, given, about) {
    $("decide-about").textContent = about || ABOUT[kind];
    $("decide-problem").textContent = "";
    const fixed = Boolean(about); // the subject is known, only the reason is asked for
    const chosen = element("select");
    options(chosen, Object.keys(KINDS).filter((one) => !["冲突裁定", "撤销"].includes(one) || one === kind).map((one) => [one, one]));
    chosen.value = kind;
    chosen.addEventListener("change", () => this.askFields(chosen.value, { ...this.typed(), kind: chosen.value }, ""));
    const fields = [["kind", "类别", chosen]];
    for (const name of KINDS[kind]) {
      let input = element(name === "reason" ? "textarea" : "input");
      if (name === "county" || (name === "value" && kind === "等级变更") || (name === "key" && kind === "全社会排放")) {
        input = element("select");
        const wanted = { county: Object.entries(this.seen.counties), value: this.seen.grades.map((one) => [one, one]), key: ["SO2", "NOx", "颗粒物", "VOCs"].map((one) => [one, one]) }[name];
        options(input, [["", ""], ...wanted]);
      } else if (name === "until") {
        input.type = "date";
      } else if (name !== "reason") {
        [input.type, input.autocomplete] = ["text", "off"];
      }
      input.value = given[name] ?? "";
      fields.push([name, kind === "全社会排放" && name === "reason" ? "出处" : this.seen.fields[name], input]);
    }
    const who = element("input");
    [who.type, who.value, who.placeholder] = ["text", given.who ?? "", "不写：当前用户"];
    fields.push(["who", "记录人", who]);
    $("decide-fields").replaceChildren(...fields.map(([name, label, input]) => {
      const made = element("label", "", label);
      made.dataset.field = name;
      made.append(input);
      made.hidden = fixed && !["reason", "who"].includes(name);
      return made;
    }));
  }

  typed() {
    return Object.fromEntries([...$("decide-fields").children].map((one) => [one.dataset.field, one.querySelector("input, select, textarea").value.trim()]));
  }

  async record() {
    const said = this.typed();
    try {
      await ask("decide", { said });
      this.last = { approver: said.approver, document: said.document, until: said.until, who: said.who };
      $("decide").close();
      await this.load();
      $("decisions").open = true;
    } catch (error) {
      $("decide-problem").textContent = error.message;
      for (const one of $("decide-fields").children) {
        const wrong = error.content?.fields?.includes(one.dataset.field);
        one.querySelector("input, select, textarea").setAttribute("aria-invalid", Boolean(wrong));
      }
      $("decide-fields").querySelector('[aria-invalid="true"]')?.focus();
    }
  }

  showRule(id) {
    return attempt(async () => {
      const rule = await ask(`rule/${encodeURIComponent(id)}`);
      $("rule-title").textContent = `${rule.id} ${rule.name}`;
      $("rule-text").replaceChildren(...[...Object.entries(rule.page), ["依据", rule.basis]].flatMap(([head, text]) => [element("h3", "", head), ...text.split("\n").filter((line) => line.trim()).map((line) => element("p", "", line))]));
      $("rule-page").showModal();
    });
  }
}
